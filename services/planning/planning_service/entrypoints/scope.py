"""Where a caller may act: team leaders at their own work centres (reliability.md 5, row 5)."""

from __future__ import annotations

from chassis.principal import current

PLACE = "at:"  # a role bound to a place, for example "at:WC-1"
BOUND = frozenset({"team_leader"})  # whoever holds another role too acts as that role may


def work_centers_asking() -> frozenset[str]:
    """Return the work centres the caller is bound to; empty when they are bound to none."""
    who = current.get()
    if who is None or who.kind != "user":
        return frozenset()
    places = frozenset(role.removeprefix(PLACE) for role in who.roles if role.startswith(PLACE))
    roles = {role for role in who.roles if not role.startswith(PLACE)}
    return places if roles == BOUND else frozenset()
