"""A condition sees the fields it names; what may look at the event as a whole is given all of it."""

from __future__ import annotations

from typing import Any

import cel
import pytest

from notify_service.adapters.conditions import CelConditions, fields_read
from notify_service.app.ports import ConditionFailed

EVENT: dict[str, Any] = {
    "urgency": "red", "kind": "firm", "changed": ["urgency", "note"], "count": 3, "state": "",
    "lines": [{"line_no": 1, "quantity": "5"}, {"line_no": 2, "quantity": "7"}],
}  # fmt: skip
CONDITIONS = [
    'data.urgency == "red"', 'data.urgency == "red" && "urgency" in data.changed', 'data.kind != "cancelled"',
    'data.lines.exists(l, l.quantity == "7")', "size(data.lines) > 2", "has(data.missing)", "has(data.kind)",
    "data.missing == 1", "size(data) == 6", "size(data) == 1", 'data["urgency"] == "red"', '"urgency" in data',
    "data.exists(k, k == 'kind')", "data.all(k, k != 'other')", "data .urgency == 'red'", "data. urgency == 'red'",
    "data.lines.exists(data, data.line_no == 2)", "data.lines[0].quantity == '5'", "data == data", "data.count",
    "data.count + 1 == 4", "'data' == data.kind", "'data.note' in data.changed", "[data].exists(x, x.kind == 'firm')",
    "data.urgency.startsWith('r')", "data.map(k, k).exists(k, k == 'state')", "true", "data.state == ''",
]  # fmt: skip


def judged(source: str, data: dict[str, Any]) -> bool | str:
    try:
        answer = cel.compile(source).execute({"data": data})
    except Exception:
        return "failed"
    return answer if isinstance(answer, bool) else "failed"


@pytest.mark.parametrize("source", CONDITIONS)
def test_a_condition_is_judged_as_over_the_whole_event(source: str) -> None:
    try:
        found: bool | str = CelConditions().holds(source, EVENT)
    except (ConditionFailed, ValueError):
        found = "failed"

    assert found == judged(source, EVENT)


def test_only_what_is_named_is_handed_over() -> None:
    assert fields_read('data.urgency == "red" && "urgency" in data.changed') == {"urgency", "changed"}
    assert fields_read("data.lines.exists(l, l.quantity == '7')") == {"lines"}
    assert fields_read("true") == frozenset()
    for whole in (
        "size(data) > 1",
        "data['kind'] == 'firm'",
        "data.exists(k, true)",
        "data .kind == 'firm'",
        "x(data)",
    ):
        assert fields_read(whole) is None
