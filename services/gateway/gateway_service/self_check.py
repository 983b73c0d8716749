"""The self-check page: what the services found, one section per code, in Chinese, the worst rows first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from orderhub.common.v1.self_check_pb2 import CheckedSection, CheckFinding, GetSelfCheckResponse

from gateway_service import texts
from gateway_service.rendering import instant


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": dict(properties), "required": list(properties)}


ORDER_OF_STATES = ("good", "attention", "bad")
MOST_ROWS = 50
CODES = (
    "services", "stock_ledger", "stock_reserved", "stock_overdrawn", "orphan_reservations", "stock_idle", "order_states",
    "order_history", "event_numbers", "outbox", "queue", "parked", "dead_letters", "notifications", "durability",
)  # fmt: skip
ACTIONS = {"parked": ("replay", "discard"), "dead_letters": ("replay", "discard")}
REPLAY_ONLY = ("replay",)
_STATE = {"type": "string", "enum": list(ORDER_OF_STATES)}
_TEXT, _MAYBE = {"type": "string"}, {"type": ["string", "null"]}
_ROW = {
    "service": _TEXT, "object": _MAYBE, "text": _TEXT, "since": {**_MAYBE, "format": "date-time"},
    "params": {"type": "object", "additionalProperties": _TEXT}, "id": _MAYBE,
    "actions": {"type": "array", "items": {"type": "string", "enum": ["replay", "discard"]}},
}  # fmt: skip
_SECTION = {
    "code": {"type": "string", "enum": list(CODES)}, "state": _STATE, "count": {"type": "integer"}, "title": _TEXT,
    "advice": _TEXT, "rows": {"type": "array", "items": _object(_ROW)},
}  # fmt: skip
SCHEMA = _object(
    {"state": _STATE, "checked_at": {"type": "string", "format": "date-time"},
     "sections": {"type": "array", "items": _object(_SECTION)}}
)  # fmt: skip


def report(found: Mapping[str, GetSelfCheckResponse | None], now: datetime) -> dict[str, Any]:
    """Return the whole page; a service without an answer is itself the finding."""
    gathered: dict[str, list[tuple[str, CheckedSection]]] = {code: [] for code in CODES}
    for service, answer in found.items():
        for section in answer.sections if answer is not None else ():
            gathered.setdefault(section.code, []).append((service, section))
    gathered["services"] = [(service, _answered(service, answer is not None)) for service, answer in found.items()]
    sections = [_section(code, parts) for code, parts in gathered.items() if parts]
    return {
        "state": _worst(section["state"] for section in sections),
        "checked_at": now.astimezone(UTC).isoformat(timespec="milliseconds"),
        "sections": sections,
    }


def _answered(service: str, here: bool) -> CheckedSection:
    if here:
        return CheckedSection(code="services", state="good")
    return CheckedSection(code="services", state="bad", count=1, findings=[CheckFinding(object=service)])


def _worst(states: Iterable[str]) -> str:
    return max(states, key=ORDER_OF_STATES.index, default="good")


def _section(code: str, parts: Sequence[tuple[str, CheckedSection]]) -> dict[str, Any]:
    """Merge what several services say under one code."""
    state = _worst(part.state for _, part in parts)
    ranked = sorted(parts, key=lambda part: -ORDER_OF_STATES.index(part[1].state))
    rows = [_row(code, service, finding) for service, part in ranked for finding in part.findings]
    count = sum(part.count for _, part in parts)
    unfinished = [texts.say("service_names", service) for service, part in parts if part.failed]
    words = {"count": str(count), "services": texts.say("moves", "comma").join(unfinished)}
    advice = texts.say("check_unfinished" if unfinished and not count else f"check_{state}", code, words, "")
    return {
        "code": code, "state": state, "count": count, "title": texts.say("check_titles", code),
        "advice": advice or texts.say("check_unfinished", "any", words), "rows": rows[:MOST_ROWS],
    }  # fmt: skip


def _row(code: str, service: str, finding: CheckFinding) -> dict[str, Any]:
    params = dict(sorted(finding.params.items()))
    spoken = params | {"object": finding.object, "service": texts.say("service_names", service)}
    for name in ("state", "reason"):
        if name in params:
            spoken[name] = texts.say("check_words", params[name], otherwise=params[name])
    waits = params.get("reason") == "gap"
    return {
        "service": service, "object": finding.object or None, "text": texts.say("check_rows", code, spoken),
        "since": instant(finding.since) if finding.HasField("since") else None, "params": params,
        "id": f"{service}.{finding.parked_id}" if finding.parked_id else None,
        "actions": list(REPLAY_ONLY if waits else ACTIONS.get(code, ())) if finding.parked_id else [],
    }  # fmt: skip
