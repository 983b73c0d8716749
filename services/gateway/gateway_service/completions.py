"""What REST adds to the answers of services: Chinese words beside every reason and state, links, prices by role."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any

from gateway_service import exchange, texts

_public_url: ContextVar[str] = ContextVar("public_url", default="")


def set_public_url(url: str) -> None:
    """Say where links of the running request shall point; until then they are relative."""
    _public_url.set(url.rstrip("/"))


def shortage_message(item_name: str, item_code: str, short: str, unit: str) -> str:
    """Return the exact words of S40."""
    return texts.say("phrases", "shortage", {"item_name": item_name or item_code, "short": short, "unit": unit})


def _order(message: Any, data: dict[str, Any]) -> None:
    data["customer_id"] = message.customer.id or None
    token = message.tracking_token
    data["tracking_url"] = f"{_public_url.get()}/t/{token}" if token else None
    data["state_text"] = texts.say("states", message.state)


def _order_line(_: Any, data: dict[str, Any]) -> None:
    if not exchange.sees_prices():
        del data["unit_price"]


def _warning(message: Any, data: dict[str, Any]) -> None:
    data["message"] = texts.say("warnings", message.reason, message.params)


def _shortage(message: Any, data: dict[str, Any]) -> None:
    data["message"] = shortage_message(message.item_name, message.item_code, message.short, message.unit)


def _unplanned(message: Any, data: dict[str, Any]) -> None:
    data["message"] = texts.say("unplanned", message.reason, message.params)


def _production_order(message: Any, data: dict[str, Any]) -> None:
    data["banner"] = "；".join(shortage["message"] for shortage in data["shortages"]) or None
    data["state_text"] = texts.say("production_states", message.state)


def _pending(message: Any, data: dict[str, Any]) -> None:
    named = {name: value or "" for name, value in data.items()}
    if message.kind == "urgency":
        named |= {name: texts.say("urgencies", named[name]) for name in ("before", "after")}
    data["message"] = texts.say("floor_changes", message.kind, named)


def _promise(message: Any, data: dict[str, Any]) -> None:
    data["message"] = texts.say("promises", message.reason, otherwise=message.reason) if message.reason else None


CLOCKS = {"clock_ahead": "clock_ahead_minutes", "before_dispatch": "before_dispatch_minutes"}  # by what is said of them


def _verdict(message: Any, data: dict[str, Any]) -> None:
    params = {
        **message.params, "number": message.production_order.number, "operation": message.operation.name,
        "next": message.next.name,
    }  # fmt: skip
    stays = message.operation.sequence == message.next.sequence
    reason = message.reason or ("applied" if not message.next.name else "applied_more" if stays else "applied_next")
    said = texts.say("scans", reason, params)
    odd = next((words for words, minutes in CLOCKS.items() if minutes in message.params), None)
    data["message"] = texts.say("scans", odd, {**params, "said": said}) if odd else said


def _notification(message: Any, data: dict[str, Any]) -> None:
    data["reason_text"] = texts.say("notifications", message.reason) if message.reason else None


def _import_verdict(message: Any, data: dict[str, Any]) -> None:
    known = texts.say("imports", message.reason, message.params, "")
    data["message"] = (known or texts.say("fields", message.reason, message.params)) if message.reason else None


def _change(message: Any, data: dict[str, Any]) -> None:
    data["message"] = texts.say("changes", message.kind, {name: value or "" for name, value in data.items()})


def _job_entry(message: Any, data: dict[str, Any]) -> None:
    data["message"] = texts.say("titles", message.reason) if message.reason else None


def _calendar_day(message: Any, data: dict[str, Any]) -> None:
    named = texts.say("public_holidays", message.public_name) if message.public_name else None
    data["public_text"] = named
    data["text"] = named if message.source == "public" else data["name"]


def _scan_target(message: Any, data: dict[str, Any]) -> None:
    data["state_text"] = texts.say("production_states", message.state) if message.state else None


COMPLETIONS: Mapping[str, Callable[[Any, dict[str, Any]], None]] = {
    "orderhub.order.v1.Order": _order,
    "orderhub.order.v1.OrderLine": _order_line,
    "orderhub.common.v1.Warning": _warning,
    "orderhub.planning.v1.Shortage": _shortage,
    "orderhub.planning.v1.UnplannedLine": _unplanned,
    "orderhub.planning.v1.ProductionOrder": _production_order,
    "orderhub.planning.v1.LinePromise": _promise,
    "orderhub.planning.v1.PendingChange": _pending,
    "orderhub.planning.v1.ScanVerdict": _verdict,
    "orderhub.planning.v1.GetScanTargetResponse": _scan_target,
    "orderhub.notify.v1.Notification": _notification,
    "orderhub.planning.v1.ImportVerdict": _import_verdict,
    "orderhub.planning.v1.PlanJobEntry": _job_entry,
    "orderhub.planning.v1.ProductionChange": _change,
    "orderhub.order.v1.CalendarDay": _calendar_day,
}
ADDED: Mapping[str, Mapping[str, Any]] = {  # what COMPLETIONS add, for the OpenAPI document
    "orderhub.order.v1.Order": {"customer_id": "string", "tracking_url": "string", "state_text": "string"},
    "orderhub.common.v1.Warning": {"message": "string"},
    "orderhub.planning.v1.Shortage": {"message": "string"},
    "orderhub.planning.v1.UnplannedLine": {"message": "string"},
    "orderhub.planning.v1.ProductionOrder": {"banner": "string", "state_text": "string"},
    "orderhub.planning.v1.LinePromise": {"message": "string"},
    "orderhub.planning.v1.PendingChange": {"message": "string"},
    "orderhub.planning.v1.ScanVerdict": {"message": "string"},
    "orderhub.planning.v1.GetScanTargetResponse": {"state_text": "string"},
    "orderhub.notify.v1.Notification": {"reason_text": "string"},
    "orderhub.planning.v1.ImportVerdict": {"message": "string"},
    "orderhub.planning.v1.PlanJobEntry": {"message": "string"},
    "orderhub.planning.v1.ProductionChange": {"message": "string"},
    "orderhub.order.v1.CalendarDay": {"text": "string", "public_text": "string"},
}
