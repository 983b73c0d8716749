"""In-memory twins of the outside world, shipped as product code and held to the same behaviour suite as the real ones."""

from __future__ import annotations

from dataclasses import dataclass, field

from chassis.broker import Outgoing, Refused
from chassis.events import Incoming, decode


@dataclass
class MemoryPublisher:
    """A broker that keeps what it is told; can be set to refuse or to be away."""

    events: list[Incoming] = field(default_factory=list)
    away: bool = False
    refused_types: set[str] = field(default_factory=set)

    async def publish(self, event: Outgoing) -> None:
        """Keep the event; raise ConnectionError while away, Refused for a refused type."""
        if self.away:
            raise ConnectionError("away")
        if event.type in self.refused_types:
            raise Refused(event.type)
        self.events.append(decode(event.body))

    async def close(self) -> None:
        """Do nothing: there is no connection."""
