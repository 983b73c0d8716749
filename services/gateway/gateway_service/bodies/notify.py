"""Channels and subscriptions as requests say them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from gateway_service.bodies.base import Body, Code, Instant, Page

Kind = Literal["dingtalk", "wecom", "feishu", "wechat_mp", "email", "webhook", "in_app"]

Time = Annotated[str, Field(max_length=5, examples=["22:00"])]


class ChannelBody(Body):
    """A way out; `secret` is written, never read, and stays when left out."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "dingtalk",
                    "url": "https://oapi.dingtalk.com/robot/send?access_token=…",
                    "secret": "SEC…",
                    "per_minute": 20,
                },
            ]
        }
    )

    kind: Kind
    url: Annotated[str, Field(max_length=2000)] = ""
    secret: Annotated[str, Field(max_length=500)] | None = None
    name: Annotated[str, Field(max_length=100)] | None = None
    per_minute: Annotated[int, Field(ge=0, le=100_000)] | None = None
    active: bool | None = None
    quiet_from: Time | None = None
    quiet_to: Time | None = None


class SubscriptionBody(Body):
    """Which event is told where, when, to whom and in which words."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "event_type": "orderhub.order.v1.OrderSubmitted",
                    "channel": "order-group",
                    "template": "order_submitted",
                },
            ]
        }
    )

    event_type: Annotated[str, Field(min_length=1, max_length=200)]
    condition: Annotated[str, Field(max_length=2000)] | None = None
    channel: Code
    role: Annotated[str, Field(max_length=200)] | None = None
    template: Annotated[str, Field(min_length=1, max_length=4000)]
    active: bool | None = None
    expire_hours: Annotated[int, Field(ge=0, le=100_000)] | None = None
    once_per: Annotated[str, Field(max_length=500)] | None = None
    escalate_minutes: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    escalate_channel: Annotated[str, Field(max_length=64)] | None = None
    quiet_from: Time | None = None
    quiet_to: Time | None = None


class QuietBody(Body):
    """From when to when it is quiet, HH:MM in the factory's zone; two empty texts: never."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"quiet_from": "22:00", "quiet_to": "07:30"}]})

    quiet_from: Time
    quiet_to: Time


class NotificationFilter(Page):
    """Filters of the delivery log."""

    order: Annotated[str, Field(max_length=64)] = ""
    state: Annotated[str, Field(max_length=100, description="One state, or several with commas between.")] = ""
    channel: Annotated[str, Field(max_length=64)] = ""


class InboxFilter(Page):
    """Filters of the mailbox."""

    unread: bool = False


class ReadAllBody(Body):
    """How far: the id of the newest message on the screen; left out: all."""

    until: Annotated[str, Field(max_length=64, examples=["019ab3c4-7d10-7c11-9a55-7a1d3c5e0601"])] = ""


class DismissBody(Body):
    """Why a message shall not go."""

    reason: Annotated[str, Field(min_length=1, max_length=200, examples=["told by phone"])]


class CompleteBody(Body):
    """What a held message lacks, by name; several parcels with commas between."""

    values: Annotated[
        dict[Annotated[str, Field(max_length=64)], Annotated[str, Field(min_length=1, max_length=500)]],
        Field(min_length=1, max_length=20, examples=[{"tracking_numbers": "SF123456789"}]),
    ]


class ReplayBody(Body):
    """Which messages shall go again."""

    state: Annotated[Literal["exhausted", "held", "uncertain"], Field(examples=["exhausted"])]
    channel: Annotated[str, Field(max_length=64)] | None = None
    subscription: Annotated[str, Field(max_length=64)] | None = None
    order: Annotated[str, Field(max_length=64)] | None = None
    created_from: Instant | None = None
    created_to: Instant | None = None
