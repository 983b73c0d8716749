"""The building blocks of request bodies: quantities that never pass through float, civil dates, short texts."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from orderhub.common.v1.common_pb2 import PageRequest
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

INT32 = 2**31 - 1
NUMBER_LENGTH = 40
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class Body(BaseModel):
    """A request body or a set of query parameters; what it does not name is refused."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    @model_validator(mode="before")
    @classmethod
    def _an_object(cls, sent: Any) -> Any:
        """Refuse a number where an object belongs: an exact decimal would pass as an object without fields."""
        if isinstance(sent, Decimal):
            raise PydanticCustomError("model_type", "not an object")
        return sent

    def given(self) -> dict[str, Any]:
        """Return what the caller said, nulls left out."""
        return self.model_dump(exclude_none=True)


class Nothing(Body):
    """The body of a call that needs none: absent or `{}`."""


def plain(number: Decimal) -> str:
    """Return a number without exponent and trailing zeros."""
    text = f"{number:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("", "-0", "-", "+0") else text


def decimal_text(value: Any) -> Any:
    """Return a quantity as the plain text services take; raise for what is no number.

    Texts and JSON numbers are both read as exact decimals; full-width digits are read as digits.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise PydanticCustomError("not_a_number", "not a number")
    text = unicodedata.normalize("NFKC", str(value)).strip() if isinstance(value, str) else value
    if isinstance(text, str) and not _NUMBER.fullmatch(text):
        raise PydanticCustomError("not_a_number", "not a number")
    return _bounded(text)


def _bounded(value: str | int | Decimal) -> str:
    if (isinstance(value, str) and len(value) > NUMBER_LENGTH * 2) or (isinstance(value, int) and abs(value) > 10**40):
        raise PydanticCustomError("number_too_long", "too long")
    try:
        number = Decimal(value)
    except InvalidOperation as error:
        raise PydanticCustomError("not_a_number", "not a number") from error
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or abs(number.adjusted()) > NUMBER_LENGTH or abs(exponent) > NUMBER_LENGTH:
        raise PydanticCustomError("number_too_long", "too long")
    return plain(number)


def civil_date(value: Any) -> Any:
    """Return a civil date as `YYYY-MM-DD`; raise for anything else."""
    if not isinstance(value, str) or not _DATE.fullmatch(value.strip()):
        raise PydanticCustomError("not_a_date", "not a date")
    try:
        return date.fromisoformat(value.strip()).isoformat()
    except ValueError as error:
        raise PydanticCustomError("not_a_date", "not a date") from error


def instant(value: Any) -> Any:
    """Return an RFC 3339 text as an instant; raise when it has no offset or no instant can be that far away."""
    try:
        moment = datetime.fromisoformat(value.strip())
        if moment.tzinfo is None or len(value) > 40:
            raise ValueError("no offset")
        return moment.astimezone(UTC)
    except (AttributeError, ValueError, OverflowError) as error:
        raise PydanticCustomError("not_an_instant", "not an instant") from error


Quantity = Annotated[
    str,
    BeforeValidator(decimal_text),
    WithJsonSchema(
        {
            "anyOf": [{"type": "string", "pattern": r"^[+-]?\d+(\.\d+)?$"}, {"type": "number"}],
            "description": "Exact decimal; text or number.",
            "examples": ["2.5"],
        }
    ),
]
CivilDate = Annotated[
    str,
    BeforeValidator(civil_date),
    WithJsonSchema({"type": "string", "format": "date", "examples": ["2026-12-01"]}),
]
Instant = Annotated[
    datetime,
    BeforeValidator(instant),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-11-22T10:00:00+08:00"]}),
]
Code = Annotated[str, Field(min_length=1, max_length=64, examples=["MOTOR-A"])]
Name = Annotated[str, Field(min_length=1, max_length=200, examples=["Motor A"])]
Short = Annotated[str, StringConstraints(max_length=200)]
Note = Annotated[str, StringConstraints(max_length=2000)]
Unit = Annotated[str, StringConstraints(min_length=1, max_length=16)]
Key = Annotated[str, Field(min_length=1, max_length=128, examples=["019ab3c4-7d10-7c11-9a55-7a1d3c5e0001"])]
LineNo = Annotated[int, Field(ge=1, le=INT32)]
Count = Annotated[int, Field(ge=0, le=INT32)]


class Page(Body):
    """Query parameters of a list."""

    page_size: Annotated[int, Field(ge=1, le=200)] = 50
    page_token: Annotated[str, StringConstraints(max_length=1000)] = ""

    def wire(self) -> PageRequest:
        """Return the page as services ask for it."""
        return PageRequest(page_size=self.page_size, page_token=self.page_token)
