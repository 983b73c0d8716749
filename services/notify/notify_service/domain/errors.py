"""Refusals of the notify service, with what a person needs to mend them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any


@dataclasses.dataclass(frozen=True, slots=True)
class FieldError:
    """One field that can't be accepted."""

    field: str
    reason: str
    params: Mapping[str, str] = dataclasses.field(default_factory=dict)


class Refused(Exception):
    """A refusal with a stable reason."""

    reason = "REFUSED"

    def __init__(self, fields: Sequence[FieldError] = (), **params: Any) -> None:
        super().__init__(self.reason, params, tuple(fields))
        self.params = params
        self.fields = tuple(fields)


class Invalid(Refused):
    """At least one field can't be accepted; `fields` names all of them."""

    reason = "INVALID"


class ChannelNotFound(Refused):
    """No channel has this code."""

    reason = "CHANNEL_NOT_FOUND"


class SubscriptionNotFound(Refused):
    """No subscription has this code."""

    reason = "SUBSCRIPTION_NOT_FOUND"


class NotificationNotFound(Refused):
    """No notification has this id."""

    reason = "NOTIFICATION_NOT_FOUND"


class NotResendable(Refused):
    """Only an exhausted, held or uncertain notification can be sent again."""

    reason = "NOTIFICATION_NOT_RESENDABLE"


class StillIncomplete(Refused):
    """A held message still lacks what its text names (X59)."""

    reason = "NOTIFICATION_STILL_INCOMPLETE"


class NotConnected(Refused):
    """The channel is switched off or has no address."""

    reason = "CHANNEL_NOT_CONNECTED"


class SecretsKeyMissing(Refused):
    """Without a key nothing secret is stored."""

    reason = "SECRETS_KEY_MISSING"
