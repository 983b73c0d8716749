"""What the use cases need from outside."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import NAMESPACE_OID, UUID, uuid5

from notify_service.domain.channel import Channel
from notify_service.domain.digest import DigestWords
from notify_service.domain.message import Words
from notify_service.domain.notification import Intent, Notification
from notify_service.domain.outcome import Outcome
from notify_service.domain.quiet import NEVER, Hours, OwnHours
from notify_service.domain.staff import NOBODY_MISSING, Staff
from notify_service.domain.subscription import Subscription


class Channels(Protocol):
    """Stored channels; secrets are opened on the way out and sealed on the way in."""

    async def get(self, code: str) -> Channel | None: ...

    async def listed(self, codes: Collection[str] | None = None) -> list[Channel]: ...

    async def save(self, channel: Channel) -> Channel: ...


class Subscriptions(Protocol):
    """Stored subscriptions."""

    async def get(self, code: str) -> Subscription | None: ...

    async def listed(self) -> list[Subscription]: ...

    async def save(self, subscription: Subscription) -> Subscription: ...


@dataclass(frozen=True, slots=True)
class Rules:
    """Active subscriptions by event type and every channel by code, as they stand at one moment."""

    version: str
    subscriptions: Mapping[str, Sequence[Subscription]]
    channels: Mapping[str, Channel]
    quiet: Mapping[str, Hours] = field(default_factory=dict)  # of recipients, by each of their names
    staff: Staff = NOBODY_MISSING

    def of_event(self, event_type: str) -> Sequence[Subscription]:
        """Return what is subscribed to an event type."""
        return self.subscriptions.get(event_type, ())

    def hours_of(self, recipient: str) -> Hours:
        """Return a recipient's own quiet hours."""
        return self.quiet.get(recipient, NEVER)


@dataclass(frozen=True, slots=True)
class Made:
    """An intent that was stored for the first time."""

    id: UUID
    intent: Intent


class Notifications(Protocol):
    """The delivery log."""

    async def add(self, intents: Sequence[Intent]) -> list[Made]: ...

    async def get(self, notification_id: UUID) -> Notification | None: ...

    async def revive(self, notification_id: UUID, text: str) -> Notification: ...

    async def incomplete(self, order_numbers: Collection[str]) -> list[Notification]:
        """Return, locked, the held messages of these orders that lack something."""
        ...

    async def release(self, texts: Mapping[UUID, str], begins: Mapping[UUID, datetime]) -> None:
        """Let messages go whose text is complete now, each from its own instant on."""

    async def acknowledge(self, notification_id: UUID) -> Notification: ...

    async def expire_orders(self, order_numbers: Sequence[str], reason: str) -> None: ...


@dataclass(frozen=True, slots=True)
class ShipmentWords:
    """The tracking numbers of one shipment, as they were entered after it left."""

    order_number: str
    shipment_number: str
    version: int
    tracking_numbers: tuple[str, ...]
    shipped_at: datetime


class Shipments(Protocol):
    """What was entered of shipments after they left."""

    async def learn(self, words: Sequence[ShipmentWords]) -> None:
        """Keep the newest version of each."""

    async def of(self, order_numbers: Collection[str]) -> Sequence[ShipmentWords]:
        """Return what is known of these orders' shipments, in the order of shipping."""
        ...


class QuietHours(Protocol):
    """Recipients' own quiet hours."""

    async def get(self, recipient: str) -> OwnHours | None: ...

    async def listed(self) -> list[OwnHours]: ...

    async def save(self, own: OwnHours) -> OwnHours: ...


@dataclass(frozen=True, slots=True)
class Resting:
    """A message that waits for quiet hours to end."""

    id: UUID
    subscription: str
    channel: str
    recipient: str
    mailbox: bool


class RestingMessages(Protocol):
    """Messages that wait for quiet hours to end."""

    async def of(self, recipients: Collection[str]) -> list[Resting]: ...

    async def move(self, begins: Mapping[UUID, datetime]) -> None:
        """Let each wait until its instant instead; one that is over already may go."""


class Addresses(Protocol):
    """Where people are reached."""

    async def of(self, kind: str, recipients: Collection[str]) -> Mapping[str, str]: ...

    async def bind(self, kind: str, recipient: str, address: str) -> None: ...


class ConditionFailed(Exception):
    """A condition could not be judged for this event; its author must see it."""


class Conditions(Protocol):
    """The expression language of conditions."""

    def fault(self, source: str, sample: Mapping[str, Any]) -> str:
        """Return why `source` is not usable, or an empty text."""
        ...

    def holds(self, source: str, data: Mapping[str, Any]) -> bool:
        """Judge one event; raise ConditionFailed."""
        ...


class Catalogue(Protocol):
    """The events there are."""

    @property
    def event_types(self) -> Sequence[str]: ...

    def sample(self, event_type: str) -> dict[str, Any] | None:
        """Return an empty event's data with every field, or None for an unknown type."""
        ...


class Texts(Protocol):
    """The words of texts_zh_CN.toml."""

    words: Words
    digest: DigestWords
    test_message: str
    escalated: str
    forward: str
    stuck: str
    rehearsed: str
    examples: Mapping[str, str]

    def template(self, name: str) -> str:
        """Return the named template, or `name` itself when it is a text."""
        ...


class Guard(Protocol):
    """What addresses may be called at all."""

    sink_url: str

    def fault(self, url: str, kind: str) -> str:
        """Return why the address is refused, or an empty text; nothing is looked up."""
        ...


@dataclass(frozen=True, slots=True)
class Parcel:
    """What leaves in one send: one message, or a digest of several."""

    id: UUID
    channel: Channel
    notification_ids: Sequence[UUID]
    event_id: UUID
    event_type: str
    recipient: str
    text: str
    traceparent: str
    claimed_at: datetime
    event: Mapping[str, Any] | None = None

    @property
    def is_digest(self) -> bool:
        return len(self.notification_ids) > 1

    @property
    def message_id(self) -> UUID:
        """The same for every attempt at the same messages: a single one's own id, a digest's from those inside."""
        if not self.is_digest:
            return self.notification_ids[0]
        return uuid5(NAMESPACE_OID, " ".join(str(one) for one in self.notification_ids))


class Courier(Protocol):
    """Carries one parcel to its channel; never raises for what the other side does."""

    async def send(self, parcel: Parcel) -> Outcome: ...


class Deliveries(Protocol):
    """What waits, who sends it, and what became of it."""

    async def due_channels(self) -> list[str]: ...

    async def claim(self, channel: str) -> Parcel | None: ...

    async def record(self, parcel: Parcel, outcome: Outcome) -> None: ...


class Watch(Protocol):
    """What people must hear of."""

    async def look(self) -> int: ...
