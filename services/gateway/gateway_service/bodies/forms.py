"""Public order forms as requests say them."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from gateway_service.bodies.base import Body, CivilDate, Code, Key, Name, Quantity

MOST_GOODS = 200


class FormBody(Body):
    """A form for a salesperson or a customer group; without an owner the orders are nobody's yet."""

    label: Annotated[str, Field(min_length=1, max_length=100, examples=["Spring fair"])]
    sales_owner: Annotated[str, Field(max_length=64)] = ""
    item_codes: Annotated[list[Code], Field(max_length=MOST_GOODS)] = Field(
        default_factory=list, description="What it offers; empty: everything the factory makes."
    )


class FormPatch(Body):
    """What changes of a form; its address and its printed QR stay."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"item_codes": ["MOTOR-A"]}]})

    label: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    sales_owner: Annotated[str, Field(max_length=64)] | None = None
    item_codes: Annotated[list[Code], Field(max_length=MOST_GOODS)] | None = None


class FormLineBody(Body):
    """What and how much."""

    item_code: Code
    quantity: Quantity


class FormOrderBody(Body):
    """An order as a customer enters it: company, person, phone, what, by when."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "company": "Qiming Motors",
                    "contact_name": "Wang Wei",
                    "phone": "13800138000",
                    "due_date": "2026-12-01",
                    "lines": [{"item_code": "MOTOR-A", "quantity": "2"}],
                }
            ]
        }
    )

    company: Name
    contact_name: Annotated[str, Field(min_length=1, max_length=100)]
    phone: Annotated[str, Field(min_length=5, max_length=40)]
    due_date: CivilDate
    note: Annotated[str, Field(max_length=500)] = ""
    attachment_ids: Annotated[list[Key], Field(max_length=5)] = Field(default_factory=list)
    lines: Annotated[list[FormLineBody], Field(min_length=1, max_length=20)]
