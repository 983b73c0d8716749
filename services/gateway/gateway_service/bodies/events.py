"""The event feed and integrations as requests say them."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from gateway_service.bodies.base import Body, Instant, Name

EventType = Annotated[str, StringConstraints(pattern=r"^orderhub\.[a-z]+\.v\d+\.[A-Za-z]+$", max_length=100)]


def _network(text: str) -> str:
    try:
        ipaddress.ip_network(text)
    except ValueError as error:
        raise PydanticCustomError("not_a_network", "not a network") from error
    return text


Network = Annotated[str, Field(max_length=50), AfterValidator(_network)]


class EventFilter(Body):
    """Where to go on, and what of it."""

    after: Annotated[str, Field(max_length=1000, description="The `cursor` of the answer before.")] = ""
    type: Annotated[
        tuple[EventType, ...], Field(max_length=50, examples=[["orderhub.order.v1.OrderFullyShipped"]])
    ] = ()
    subject: Annotated[str, Field(max_length=200, examples=["orders/SO20261122-0001"])] = ""
    since: Instant | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 100


class IntegrationBody(Body):
    """Another system and what it may do: `events:read` opens GET /events."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"name": "ERP", "scopes": ["events:read"], "addresses": ["203.0.113.7"], "expires_in_days": 365}
            ]
        }
    )

    name: Name
    scopes: Annotated[list[Literal["events:read"]], Field(min_length=1, max_length=10)]
    addresses: Annotated[
        tuple[Network, ...], Field(max_length=50, description="Addresses or networks it may call from; none: any.")
    ] = ()
    expires_in_days: Annotated[int, Field(ge=1, le=730, description="After so many days its token ends.")] = 365
