"""Every reason a service can give has Chinese words; every template can be filled."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from chassis.unreadable import UNREADABLE
from gateway_service import texts
from gateway_service.problems import BY_HTTP, SHAPES, Problem, title_of

ROOT = Path(__file__).resolve().parents[3]
WORD = re.compile(r'"([A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+)"')
SECTIONS = ("titles", "fields", "scans", "unplanned", "promises", "warnings", "notifications", "imports")
TECHNICAL = {
    "ORDERHUB_SECRETS_DIR",
    "PYPINYIN_NO_PHRASES",
    "FIXED_HOST",
}  # variables of the environment, a detail of URL_FORBIDDEN


def reasons() -> list[str]:
    """Return every UPPER_SNAKE text in the services."""
    found: set[str] = set()
    for service in ("order", "planning", "inventory", "notify", "chassis"):
        for path in (ROOT / "services" / service).rglob("*.py"):
            if "migrations" not in path.parts:
                found |= set(WORD.findall(path.read_text()))
    return sorted(found - TECHNICAL - {word for word in found if word.startswith(("ORDERHUB_", "TYPE_"))})


def test_every_reason_has_words() -> None:
    known = {reason for section in SECTIONS for reason in texts.book()[section]}

    assert len(reasons()) > 50
    assert [reason for reason in reasons() if reason not in known] == []


def own_reasons() -> set[str]:
    written = re.compile(r'Problem\(\s*\d+, "([A-Z_]+)"')
    found = {
        reason for path in (ROOT / "services/gateway").rglob("*.py") for reason in written.findall(path.read_text())
    }
    return found | set(BY_HTTP.values())


def test_every_reason_of_the_gateway_has_a_title() -> None:
    assert "SIGN_IN_FAILED" in own_reasons()
    assert own_reasons() - texts.book()["titles"].keys() == set()


def test_every_shape_error_has_words() -> None:
    assert set(SHAPES.values()) - texts.book()["fields"].keys() == set()


@pytest.mark.parametrize("section", list(texts.book()))
def test_every_template_can_be_filled(section: str) -> None:
    for reason, template in texts.book()[section].items():
        assert all(name is None or name.isidentifier() for _, name, _, _ in string.Formatter().parse(template)), reason
        assert texts.fill(template, {})


def test_every_event_has_a_word_in_the_timeline() -> None:
    names = {
        line.split()[1]
        for path in (ROOT / "protos/orderhub").glob("*/v1/events.proto")
        for line in path.read_text().splitlines()
        if line.startswith("message ")
    }
    parts = {
        "CustomerChanged",
        "ItemChanged",
        "BomChanged",
        "RoutingChanged",
        "StockAdjusted",
        "ExpectedReceiptChanged",
    }  # not of one order
    told = {
        name
        for name in names - parts
        if not name.endswith(("Line", "Factor", "Demand", "Holding", "PlannedProductionOrder", "LineToInvoice"))
    }

    assert {name for name in told if not name.startswith("Notification")} - texts.book()["timeline"].keys() == set()


def test_the_shortage_words_are_exact() -> None:
    params = {"item_name": "铜线", "short": "5", "unit": "m"}

    assert texts.say("phrases", "shortage", params) == "缺料预警：铜线差5m"


def test_a_field_is_named_with_dots() -> None:
    from chassis.errors import FieldProblem

    document = Problem(
        422, "INVALID", fields=[FieldProblem("lines[0].item_code", "ITEM_UNKNOWN", {"item": "X"})]
    ).document()

    assert document["errors"] == [{"field": "lines.0.item_code", "reason": "ITEM_UNKNOWN", "message": "没有物料 X"}]


def test_nothing_allowed_is_said() -> None:
    document = Problem(409, "ILLEGAL_MOVE", {"allowed": ""}).document()

    assert document["allowed"] == []
    assert document["detail"].endswith("没有可做的操作")


def test_an_unknown_reason_falls_back_to_what_the_status_means() -> None:
    assert title_of("NOBODY_WROTE_THIS", 409, {}) == "当前状态不允许这样做"
    assert title_of("DUE_DATE_PAST", 422, {}) == "交期不能早于今天"


def test_a_problem_says_all_it_knows() -> None:
    document = Problem(409, "ILLEGAL_MOVE", {"allowed": "confirm,cancel"}).document()

    assert document["allowed"] == ["confirm", "cancel"]
    assert document["detail"] == "当前状态不允许这样做；现在可以：确认订单、取消"
    assert len(document["trace_id"]) == 32


@pytest.mark.parametrize("reason", ["gap", "failed", "dead_letter", UNREADABLE])
def test_why_a_message_rests_is_said_in_chinese(reason: str) -> None:
    assert texts.say("check_words", reason, {}, "") not in ("", reason)
