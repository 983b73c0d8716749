"""What changed between two versions of a bill."""

from __future__ import annotations

from dataclasses import dataclass

from planning_service.domain.bom import BomLine, BomVersion
from planning_service.domain.exact import plain


@dataclass(frozen=True, slots=True)
class Difference:
    """One line added or removed, or one field that changed; `field` of the bill itself has no component."""

    kind: str
    component: str = ""
    position: int = 0
    field: str = ""
    before: str = ""
    after: str = ""


def differences(old: BomVersion, new: BomVersion) -> list[Difference]:
    """Return the differences, the bill's own first, then line by line as they stand in the bill."""
    found = [
        Difference("changed", field=field, before=before, after=after)
        for field, before, after in (
            ("base_quantity", plain(old.base_quantity), plain(new.base_quantity)),
            ("routing_code", old.routing_code or "", new.routing_code or ""),
        )
        if before != after
    ]
    before, after = _by_key(old), _by_key(new)
    for key, line in before.items():
        if key not in after:
            found.append(Difference("removed", line.component, line.position, before=plain(line.quantity_per)))
        else:
            found += _changed(line, after[key])
    found += [
        Difference("added", line.component, line.position, after=plain(line.quantity_per))
        for key, line in after.items()
        if key not in before
    ]
    return found


def _by_key(version: BomVersion) -> dict[tuple[str, int, int], BomLine]:
    """Return lines by component, position, and how often that pair came before: a child may stand twice (X14)."""
    found: dict[tuple[str, int, int], BomLine] = {}
    for line in version.lines:
        nth = 0
        while (line.component, line.position, nth) in found:
            nth += 1
        found[(line.component, line.position, nth)] = line
    return found


def _changed(old: BomLine, new: BomLine) -> list[Difference]:
    before, after = old.content(), new.content()
    return [
        Difference("changed", old.component, old.position, name, str(before[name]), str(after[name]))
        for name in before
        if before[name] != after[name]
    ]
