"""Sign-in, users and devices as requests say them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from gateway_service.bodies.base import Body, Code, Name
from gateway_service.passwords import MAX_LENGTH, MIN_LENGTH

Role = Literal[
    "admin", "clerk", "sales", "sales_supervisor", "planner", "planning_supervisor", "team_leader",
    "warehouse", "finance", "manager",
]  # fmt: skip


class LoginBody(Body):
    """A sign-in; with `cookie` the tokens are kept by the browser and not shown."""

    model_config = ConfigDict(
        str_strip_whitespace=False,
        json_schema_extra={"examples": [{"username": "planner", "password": "…"}]},
    )

    username: Annotated[str, Field(max_length=200)]
    password: Annotated[str, Field(max_length=MAX_LENGTH)]
    cookie: bool = False


class RefreshBody(Body):
    """The token to exchange; left out when it is in the cookie."""

    refresh_token: Annotated[str, Field(max_length=200, examples=["ohr_…"])] | None = None


class UserBody(Body):
    """A user as they shall stand; without a password the old one stays."""

    model_config = ConfigDict(
        str_strip_whitespace=False,
        json_schema_extra={
            "examples": [{"display_name": "Li Ming", "roles": ["planner"], "password": "…", "active": True}]
        },
    )

    display_name: Name
    roles: Annotated[list[Role], Field(min_length=1, max_length=20)]
    password: Annotated[str, Field(min_length=MIN_LENGTH, max_length=MAX_LENGTH)] | None = None
    active: bool = True
    work_centers: Annotated[list[Code], Field(max_length=50)] | None = None  # a team leader's own; left out: as before


class ProfileBody(Body):
    """What customers read under the name."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"signature": "Your motors, our word"}]})

    signature: Annotated[str, Field(max_length=120)]


class DeviceBody(Body):
    """A scanner to enrol."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "scanner-01", "station": "WH-1"}]})

    name: Name
    station: Annotated[str, Field(max_length=64)] = ""


class EnrolBody(Body):
    """The one-time code from the enrolment QR."""

    code: Annotated[str, Field(min_length=1, max_length=200, examples=["ohe_…"])]
