"""The floor's settings and acknowledgements as requests say them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from gateway_service.bodies.base import INT32, Body, Key


class AcknowledgeBody(Body):
    """Which changes have been seen; none named: all that wait."""

    change_ids: Annotated[list[Key], Field(max_length=100, default_factory=list)]


class FloorSettingsBody(Body):
    """How scans are judged, and how long a change may wait for the team."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"scan_policy": "record", "bounce_seconds": 2, "acknowledge_minutes": 15}]}
    )

    scan_policy: Literal["record", "previous", "strict"]
    bounce_seconds: Annotated[int, Field(ge=0, le=INT32)] = 0
    acknowledge_minutes: Annotated[int, Field(ge=0, le=INT32)] = 15
