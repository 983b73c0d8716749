"""Bills of materials: lines, versions by effective date, content hash (S34, X14, X26)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from planning_service.domain.effectivity import ALWAYS, Span
from planning_service.domain.errors import NoBom, NoEffectiveBom
from planning_service.domain.exact import plain
from planning_service.domain.item import Supply


@dataclass(frozen=True, slots=True)
class Alternate:
    """A substitute: `ratio` stock units of `item_code` stand in for one stock unit of the component (X25)."""

    item_code: str
    priority: int = 1
    ratio: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class BomLine:
    """One component of a bill; quantities are per `base_quantity` of the parent, in `unit` of the component."""

    component: str
    quantity_per: Decimal
    position: int = 0
    unit: str | None = None
    scrap_rate: Decimal = Decimal(0)
    setup_quantity: Decimal = Decimal(0)
    rounding_multiple: Decimal | None = None
    alternates: tuple[Alternate, ...] = ()
    effective: Span = ALWAYS
    supply: Supply | None = None
    """Overrides the component's own supply on this line only."""

    def content(self) -> dict[str, object]:
        """Return what the line says, numbers in plain form, for hashing and comparing."""
        return {
            "position": self.position,
            "component": self.component,
            "quantity_per": plain(self.quantity_per),
            "unit": self.unit or "",
            "scrap_rate": plain(self.scrap_rate),
            "setup_quantity": plain(self.setup_quantity),
            "rounding_multiple": plain(self.rounding_multiple) if self.rounding_multiple else "",
            "alternates": [[a.priority, a.item_code, plain(a.ratio)] for a in self.ordered_alternates()],
            "effective": [str(self.effective.start or ""), str(self.effective.end or "")],
            "supply": self.supply or "",
        }

    def ordered_alternates(self) -> list[Alternate]:
        """Return the alternates, first choice first."""
        return sorted(self.alternates, key=lambda a: (a.priority, a.item_code))


@dataclass(frozen=True, slots=True)
class BomVersion:
    """One version of a bill: what one `base_quantity` of the parent takes while `effective`."""

    lines: tuple[BomLine, ...]
    base_quantity: Decimal = Decimal(1)
    routing_code: str | None = None
    effective: Span = ALWAYS
    version: int = 1
    kept_hash: str = field(default="", compare=False, repr=False)
    """The content hash as it was kept with the version; a version built by hand has none."""

    def content_hash(self) -> str:
        """Return the SHA-256 of everything the bill says; equal content has equal hash whatever its version."""
        return self.kept_hash or self._computed_hash()

    def _computed_hash(self) -> str:
        content = {
            "base_quantity": plain(self.base_quantity),
            "routing_code": self.routing_code or "",
            "lines": sorted((line.content() for line in self.lines), key=lambda c: json.dumps(c, sort_keys=True)),
        }
        text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def lines_on(self, day: date) -> list[BomLine]:
        """Return the lines effective on the day."""
        return [line for line in self.lines if line.effective is ALWAYS or line.effective.contains(day)]


@dataclass(frozen=True, slots=True)
class Bom:
    """All versions of one item's bill, earliest first. An open end stops where the next version starts."""

    item_code: str
    versions: tuple[BomVersion, ...]

    def on(self, day: date) -> BomVersion:
        """Return the version effective on the day; raises NoBom or NoEffectiveBom."""
        if not self.versions:
            raise NoBom(item=self.item_code)
        version = self.version_on(day)
        if version is None:
            raise NoEffectiveBom(item=self.item_code, date=day.isoformat())
        return version

    def version_on(self, day: date) -> BomVersion | None:
        """Return the version effective on the day, if there is one."""
        return next((version for version, span in self.spans() if span.contains(day)), None)

    def spans(self) -> Iterator[tuple[BomVersion, Span]]:
        """Yield each version with the span in which it really holds."""
        if len(self.versions) == 1:
            yield self.versions[0], self.versions[0].effective
            return
        ordered = sorted(self.versions, key=lambda v: v.effective.start or date.min)
        for index, version in enumerate(ordered):
            span = version.effective
            if index + 1 < len(ordered) and span.end is None:
                following = ordered[index + 1].effective.start
                assert following is not None, "only the earliest version may be open at its start"
                span = Span(span.start, following - timedelta(days=1))
            yield version, span

    def changes(self) -> Iterator[date]:
        """Yield every day on which what this bill says may change."""
        for version, span in self.spans():
            yield from span.changes()
            for line in version.lines:
                if line.effective is not ALWAYS:
                    yield from line.effective.changes()

    def components(self) -> set[str]:
        """Return every component of every version, whatever its dates."""
        return {line.component for version in self.versions for line in version.lines}
