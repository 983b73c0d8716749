"""Who may call what: one table, checked for every request; a route without an entry is refused (default deny)."""

from __future__ import annotations

from collections.abc import Mapping

ADMIN, CLERK, SALES, SALES_SUPERVISOR = "admin", "clerk", "sales", "sales_supervisor"
PLANNER, PLANNING_SUPERVISOR, TEAM_LEADER = "planner", "planning_supervisor", "team_leader"
WAREHOUSE, FINANCE, MANAGER, DEVICE = "warehouse", "finance", "manager", "device"
ROLES = (
    ADMIN, CLERK, SALES, SALES_SUPERVISOR, PLANNER, PLANNING_SUPERVISOR, TEAM_LEADER, WAREHOUSE, FINANCE, MANAGER,
)  # fmt: skip

EVENTS_READ = "events:read"  # a scope of other systems, no role of people
SCOPES = (EVENTS_READ,)

PRICES = frozenset({ADMIN, CLERK, SALES, SALES_SUPERVISOR, FINANCE, MANAGER})  # see what things cost
PUBLIC = frozenset({"*"})  # no sign-in
STAFF = frozenset(ROLES)
OFFICE = STAFF - {TEAM_LEADER, WAREHOUSE}
ENTRY = frozenset({CLERK, SALES, SALES_SUPERVISOR})
SELLING = frozenset({SALES, SALES_SUPERVISOR})
CONFIRMING = SELLING | {PLANNER, PLANNING_SUPERVISOR}
PLANNING = frozenset({PLANNER, PLANNING_SUPERVISOR})
FLOOR = PLANNING | {TEAM_LEADER, WAREHOUSE}
STORE = frozenset({WAREHOUSE})
SETUP = frozenset({ADMIN})  # an administrator may do everything, so this is "nobody else"

TABLE: Mapping[str, frozenset[str]] = {
    "POST /auth/login": PUBLIC,
    "POST /auth/refresh": PUBLIC,
    "POST /auth/logout": PUBLIC,
    "GET /auth/me": STAFF | {DEVICE},
    "GET /users": SETUP,
    "GET /users/{username}": SETUP,
    "GET /users/{username}/avatar": STAFF,
    "GET /me/profile": STAFF,
    "PUT /me/profile": STAFF,
    "PUT /me/avatar": STAFF,
    "DELETE /me/avatar": STAFF,
    "GET /refusals": ENTRY | PLANNING | {MANAGER},  # forms to sales, import rows to planning
    "POST /refusals/{refusal}:close": ENTRY | PLANNING | {MANAGER},
    "PUT /users/{username}": SETUP,
    "GET /devices": SETUP,
    "POST /devices": SETUP,
    "POST /devices:enrol": PUBLIC,
    "POST /devices:renew": frozenset({DEVICE}),
    "POST /devices/{device}:revoke": SETUP,
    "POST /forms": SELLING | {MANAGER},
    "GET /forms": SELLING | {MANAGER},
    "PATCH /forms/{code}": SELLING | {MANAGER},
    "POST /forms/{code}:revoke": SELLING | {MANAGER},
    "GET /forms/{code}": PUBLIC,
    "GET /forms/{code}/qr": PUBLIC,
    "POST /forms/{code}/orders": PUBLIC,
    "POST /forms/{code}/attachments": PUBLIC,
    "POST /customers": ENTRY,
    "GET /customers": OFFICE,
    "GET /customers phone": ENTRY | {MANAGER},  # not a route: by a phone number
    "GET /customers/{customer}": OFFICE | {WAREHOUSE},
    "PATCH /customers/{customer}": ENTRY,
    "POST /customers/{customer}:merge": frozenset({SALES_SUPERVISOR, MANAGER}),
    "POST /customers/{customer}:export_contact": SETUP,
    "POST /customers/{customer}:erase_contact": SETUP,
    "PUT /customers/{customer}/recipients/{kind}": ENTRY,
    "PUT /items/{code}": PLANNING,
    "GET /items/{code}": STAFF,
    "GET /items": STAFF,
    "GET /items/{code}/where-used": STAFF,
    "PUT /routings/{code}": PLANNING,
    "GET /routings/{code}": STAFF,
    "PUT /boms/{code}": PLANNING,
    "GET /boms/{code}": STAFF,
    "GET /boms/{code}/explosion": STAFF,
    "GET /boms/{code}/diff": STAFF,
    "POST /boms:import": PLANNING,
    "GET /units": STAFF,
    "POST /stock/movements": STORE | PLANNING,
    "GET /stock": STAFF,
    "GET /stock/{code}": STAFF,
    "GET /stock/{code}/ledger": STAFF,
    "GET /stock.csv": STAFF,
    "GET /boms/{code}/lines.csv": STAFF,
    "POST /expected-receipts": STORE | PLANNING,
    "GET /expected-receipts": STAFF,
    "GET /expected-receipts/{expected_receipt}": STAFF,
    "PATCH /expected-receipts/{expected_receipt}": STORE | PLANNING,
    "GET /shortages": STAFF,
    "GET /shortages.csv": STAFF,
    "PUT /customers/{customer}/refused-items": ENTRY | PLANNING,
    "GET /customers/{customer}/refused-items": OFFICE,
    "POST /orders": ENTRY,
    "POST /orders confirm": SELLING,  # not a route: `confirm: true` at submission
    "GET /orders": STAFF,
    "GET /orders/{order}": STAFF,
    "PATCH /orders/{order}": ENTRY | PLANNING,
    "POST /orders/{order}:confirm": CONFIRMING,
    "POST /orders/{order}:confirm_capacity": PLANNING,
    "POST /orders/{order}:cancel": SELLING,
    "POST /orders/{order}:hold": SELLING | PLANNING,
    "POST /orders/{order}:resume": SELLING | PLANNING,
    "POST /orders/{order}:release_duplicate": SELLING,
    "POST /orders/{order}:revoke_tracking": ENTRY,
    "GET /channels": STAFF,
    "PUT /channels/{code}": SETUP,
    "POST /orders/{order}:plan": PLANNING,
    "GET /orders/{order}/plan": STAFF,
    "GET /orders/{order}/promise": STAFF,
    "GET /orders/{order}/overview": STAFF,
    "GET /orders/{order}/timeline": STAFF,
    "GET /orders/{order}/lead-time": STAFF,
    "GET /orders/{order}/evidence-link": OFFICE,
    "POST /orders/{order}:preview_change": PLANNING | SELLING,
    "GET /orders/{order}/rush-preview": PLANNING | SELLING,
    "POST /orders/{order}:take_stock": PLANNING,
    "POST /orders/{order}:rank": PLANNING,
    "GET /orders/{order}/shortages": STAFF,
    "POST /plans": PLANNING,
    "POST /plans/{job}:cancel": PLANNING,
    "GET /plans/{job}": PLANNING | {MANAGER},
    "GET /plans/{job}/orders": PLANNING | {MANAGER},
    "GET /production-orders/{production_order}/shortages": STAFF,
    "GET /production-orders/{production_order}/scans": STAFF,
    "GET /production-orders": STAFF,
    "GET /production-orders/{production_order}": STAFF | {DEVICE},
    "GET /production-orders/travellers.pdf": STAFF,
    "GET /production-orders/{production_order}/traveller.pdf": STAFF | {DEVICE},
    "GET /orders/{order}/evidence.pdf": OFFICE,
    "GET /shipments/{shipment}/note.pdf": STAFF,
    "POST /production-orders/{production_order}:dispatch": PLANNING | {TEAM_LEADER},
    "POST /production-orders/{production_order}:inspect": FLOOR,
    "POST /production-orders/{production_order}:hold": PLANNING | {TEAM_LEADER},
    "POST /production-orders/{production_order}:resume": PLANNING | {TEAM_LEADER},
    "POST /production-orders/{production_order}:cancel": PLANNING,
    "POST /production-orders/{production_order}:acknowledge_change": FLOOR | {DEVICE},
    "GET /production-orders/{production_order}/pieces": STAFF,
    "GET /production-orders/{production_order}/pick-list": STAFF | {DEVICE},
    "GET /floor-settings": STAFF | {DEVICE},
    "PUT /floor-settings": frozenset({PLANNING_SUPERVISOR, MANAGER}),
    "GET /settings/demo": SETUP,
    "POST /settings/demo:reset": SETUP,
    "GET /settings/calendar": STAFF,
    "PUT /settings/calendar": frozenset({PLANNING_SUPERVISOR, MANAGER}),
    "GET /settings/calendar/days": STAFF,
    "GET /settings/calendar/versions": STAFF,
    "GET /settings/capacity-rule": STAFF,
    "PUT /settings/capacity-rule": frozenset({PLANNING_SUPERVISOR, MANAGER}),
    "GET /settings/capacity-rule/versions": STAFF,
    "POST /scans": FLOOR | {DEVICE},
    "POST /scans:batch": FLOOR | {DEVICE},
    "GET /scan-targets/{code}": STAFF | {DEVICE},
    "POST /issues": STORE | {TEAM_LEADER, DEVICE, PLANNING_SUPERVISOR, MANAGER},  # the latter two may override too
    "POST /receipts": STORE | {DEVICE, PLANNING_SUPERVISOR, MANAGER},  # the latter two may override, with a reason
    "GET /receipts": STAFF,
    "POST /shipments": STORE | {DEVICE},
    "GET /shipments": STAFF,
    "GET /shipments/{shipment}": STAFF,
    "PATCH /shipments/{shipment}": STORE | SELLING,
    "POST /shipments/{shipment}:sign": ENTRY | STORE,
    "POST /returns": STORE,
    "GET /invoice-tasks": frozenset({FINANCE, MANAGER}) | ENTRY,
    "POST /invoice-tasks/{task}:invoice": frozenset({FINANCE}),
    "POST /orders/{order}/complaints": ENTRY | {MANAGER},
    "GET /complaints": OFFICE,
    "POST /complaints/{complaint}:close": SELLING | {MANAGER},
    "GET /reports/reconciliation": frozenset({FINANCE, MANAGER, SALES_SUPERVISOR}),
    "GET /reports/lead-times": STAFF,
    "GET /reports/lead-times/orders": STAFF,
    "GET /reports/lead-times/comparison": STAFF,
    "GET /reports/delivery": frozenset({FINANCE, MANAGER, SALES_SUPERVISOR, PLANNING_SUPERVISOR}),
    "GET /reports/delivery/orders": frozenset({FINANCE, MANAGER, SALES_SUPERVISOR, PLANNING_SUPERVISOR}),
    "GET /reports/invoice-timeliness": frozenset({FINANCE, MANAGER}),
    "GET /notification-channels": STAFF,
    "PUT /notification-channels/{code}": SETUP,
    "GET /notification-channels/{code}": STAFF,
    "POST /notification-channels/{code}:test": SETUP,
    "GET /subscriptions": STAFF,
    "PUT /subscriptions/{code}": frozenset({MANAGER}),
    "GET /subscriptions/{code}": STAFF,
    "GET /notifications": STAFF,
    "POST /notifications/{notification}:resend": frozenset({SALES_SUPERVISOR, PLANNING_SUPERVISOR, MANAGER, FINANCE}),
    "POST /notifications/{notification}:acknowledge": STAFF,
    "GET /notifications/summary": STAFF,
    "POST /notifications:replay": frozenset({SALES_SUPERVISOR, PLANNING_SUPERVISOR, MANAGER, FINANCE}),
    "POST /notifications/{notification}:dismiss": frozenset({SALES_SUPERVISOR, PLANNING_SUPERVISOR, MANAGER, FINANCE}),
    "POST /notifications/{notification}:complete": SELLING | {WAREHOUSE, MANAGER},
    "GET /customers/{customer}/recipients": ENTRY | {MANAGER},
    "DELETE /customers/{customer}/recipients/{kind}": ENTRY,
    "GET /me/quiet-hours": STAFF,
    "PUT /me/quiet-hours": STAFF,
    "GET /quiet-hours": STAFF,
    "PUT /quiet-hours/{recipient}": frozenset({MANAGER}),
    "GET /event-types": STAFF,
    "POST /subscriptions/{code}:preview": frozenset({MANAGER}),
    "POST /subscriptions/{code}:test": frozenset({MANAGER}),
    "GET /inbox": STAFF,
    "POST /inbox/{notification}:read": STAFF,
    "POST /inbox:read_all": STAFF,
    "GET /events": frozenset({EVENTS_READ}),
    "GET /integrations": SETUP,
    "POST /integrations": SETUP,
    "POST /integrations/{integration}:revoke": SETUP,
    "GET /track/{token}": PUBLIC,
    "GET /track/{token}/avatar": PUBLIC,  # of the salesperson of that order
    "GET /track/{token}/attachments/{attachment}": PUBLIC,  # of that order only
    "POST /stream/ticket": STAFF | {DEVICE},
    "GET /stream": PUBLIC,  # the route itself takes a ticket, a cookie or a bearer token
    "GET /self-check": frozenset({MANAGER}),
    "POST /self-check/parked/{parked}:replay": SETUP,
    "POST /self-check/parked/{parked}:discard": SETUP,
    "GET /search": STAFF,
    "POST /attachments": ENTRY,
    "GET /attachments/{attachment}": OFFICE,
}


def allowed(roles: frozenset[str], route: str) -> bool:
    """True when any of `roles` may call `route` ("POST /orders"); administrators may, devices only what names them."""
    granted = TABLE.get(route)
    if granted is None:
        return False
    return granted is PUBLIC or ADMIN in roles or not roles.isdisjoint(granted)
