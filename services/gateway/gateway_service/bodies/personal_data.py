"""Whose personal data is asked for, and why."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from gateway_service.bodies.base import Body


class PersonBody(Body):
    """A person at a customer, by name, phone or both; without either everybody there."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "Wang Wei", "phone": "13800138000", "reason": "Asked for it by letter"}]
        }
    )

    name: Annotated[str, Field(max_length=100)] = ""
    phone: Annotated[str, Field(max_length=40)] = ""
    reason: Annotated[str, Field(min_length=1, max_length=500)]
