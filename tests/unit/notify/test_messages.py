"""Texts: filled once, never blank, never harmful."""

from __future__ import annotations

import pytest

from notify_service.adapters.catalogue import ProtoCatalogue
from notify_service.adapters.texts import TomlTexts
from notify_service.domain.message import PRIVATE, fields_of, render, stray_braces
from notify_service.domain.subscription import Subscription, once_key, recipients_of

WORDS = {"urgency": {"red": "红"}}


def test_codes_become_words_and_lists_are_joined() -> None:
    data = {
        "urgency": "red",
        "tracking_numbers": ["SF1", "SF2"],
        "lines": [{"item_name": "A电机", "quantity": "2", "unit": "台"}],
    }

    filled = render("{urgency}/{tracking_numbers}/{lines}", data, WORDS, group=True)

    assert (filled.text, filled.missing) == ("红/SF1、SF2/A电机×2台", ())


@pytest.mark.parametrize("empty", [{}, {"x": ""}, {"x": None}, {"x": []}, {"x": [""]}, {"x": "  "}, {"x": "\x00"}])
def test_a_value_that_is_not_there_is_missing_or_takes_its_default(empty: dict[str, object]) -> None:
    assert render("a{x}", empty, {}, group=False).missing == ("x",)
    assert render("a{x|无}", empty, {}, group=False).text == "a无"
    assert render("a{x|}b", empty, {}, group=False).text == "ab"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("@all 急", "＠all 急"),
        ('<at user_id="all"></at>', '＜at user_id="all"＞＜/at＞'),
        ("见 https://evil.example", "见 https：//evil.example"),
        ("一行\n二行\r\u2028三行", "一行 二行  三行"),
        ("电话 13812345678", "电话 138****5678"),
        ("{order_number}", "{order_number}"),
    ],
)
def test_what_people_type_can_not_mention_tag_or_link(value: str, shown: str) -> None:
    assert render("{x}", {"x": value, "order_number": "SO1"}, {}, group=True).text == shown


def test_parcels_keep_their_numbers_and_customers_read_everything() -> None:
    data = {"tracking_numbers": ["13812345678"], "x": "13812345678"}

    assert render("{tracking_numbers}", data, {}, group=True).text == "13812345678"
    assert render("{x}", data, {}, group=False).text == "13812345678"


def test_every_text_names_fields_that_exist_and_none_that_is_private() -> None:
    texts, catalogue = TomlTexts(), ProtoCatalogue()
    known = {name for event in catalogue.event_types for name in catalogue.sample(event) or ()}

    for name in texts.template_names:
        template = texts.template(name)
        assert set(fields_of(template)) <= known, name
        assert not any(PRIVATE.search(field) for field in fields_of(template)), name
        assert not stray_braces(template), name
        assert "{order_number" in template, "a digest names every order"


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("", ("sales",)),
        ("planner", ("planner",)),
        ("{a},{b}", ("李雷", "韩梅")),
        ("{a},{a}", ("李雷",)),
        ("{nobody}", ("sales",)),
        ("{nobody},qc", ("qc",)),
    ],
)
def test_recipients_are_names_or_fields(role: str, expected: tuple[str, ...]) -> None:
    subscription = Subscription("s", "t", "sales", "x", role=role)

    assert recipients_of(subscription, {"a": "李雷", "b": "韩梅", "nobody": ""}) == expected


def test_a_message_is_the_same_per_event_or_per_named_value() -> None:
    data = {"order_number": "SO1", "due_date": "2026-02-16"}

    assert once_key(Subscription("s", "t", "c", "x"), data, "e1") == "e1"
    assert (
        once_key(Subscription("s", "t", "c", "x", once_per="{order_number} {due_date}"), data, "e1") == "SO1 2026-02-16"
    )
