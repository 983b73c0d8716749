"""Who is meant when a person is to be forgotten, and how texts are searched for them."""

from __future__ import annotations

import re

import pytest

from order_service.adapters.personal_data import blank
from order_service.domain.customer import Contact
from order_service.domain.erasure import Person, pattern_of, words_of

PHONE = "+8613800138000"


@pytest.mark.parametrize(
    ("person", "contact", "meant"),
    [
        (Person("", ""), Contact("王工", PHONE), True),
        (Person("", PHONE), Contact("王工", PHONE), True),
        (Person("王工", PHONE), Contact("小王", PHONE), True),
        (Person("王工", PHONE), Contact("王工", ""), True),
        (Person("王工", ""), Contact("王工", PHONE), True),
        (Person("王工", PHONE), Contact("王工", "+8613900139000"), False),  # a namesake with another phone
        (Person("", PHONE), Contact("王工", ""), False),
        (Person("李工", ""), Contact("王工", PHONE), False),
    ],
)
def test_a_person_is_who_has_the_phone_or_the_name_without_another_phone(
    person: Person, contact: Contact, meant: bool
) -> None:
    assert person.is_meant_by(contact) is meant


@pytest.mark.parametrize(
    "typed", ["13800138000", "138 0013 8000", "138-0013-8000", "+8613800138000", "+86 138 0013 8000", "8613800138000"]
)
def test_a_phone_is_found_however_it_is_grouped(typed: str) -> None:
    pattern = pattern_of([PHONE])

    assert re.sub(pattern, "***", f"请打 {typed}。") == "请打 ***。"
    assert not re.search(pattern, "13800138001")


@pytest.mark.parametrize("name", ["a.c", "(王)", "[x]", "a|b", "x\\y", "^$", "a*", "{2}"])
def test_a_name_is_letters_never_a_rule(name: str) -> None:
    pattern = pattern_of([name])

    assert re.fullmatch(pattern, name)
    assert not re.search(pattern, "abc")


def test_names_of_one_letter_and_what_is_erased_already_are_not_looked_for() -> None:
    assert words_of(Person("", ""), [Contact("王", PHONE), Contact("***", "")]) == [PHONE]
    assert pattern_of([]) == ""


def test_an_answer_keeps_its_length() -> None:
    answer = "李娜 +8613800138000".encode()

    assert blank(answer, ["+8613800138000", "李娜"]) == b"*" * 6 + b" " + b"*" * 14
