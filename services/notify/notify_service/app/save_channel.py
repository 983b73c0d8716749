"""Create or change a channel."""

from __future__ import annotations

from dataclasses import dataclass, replace

from notify_service.app.ports import Channels, Guard
from notify_service.domain.channel import CODE, KINDS, Channel, masked
from notify_service.domain.errors import FieldError, Invalid
from notify_service.domain.limits import text_errors
from notify_service.domain.quiet import clock_of, hours_fit

MOST_URL, MOST_SECRET, MOST_NAME = 1000, 500, 60


@dataclass(frozen=True, slots=True)
class SaveChannel:
    """As asked; `active` None keeps what is (true for a new one), an empty secret keeps the one stored."""

    code: str
    kind: str
    url: str = ""
    secret: str = ""
    name: str = ""
    per_minute: int = 0
    active: bool | None = None
    quiet_from: str = ""
    quiet_to: str = ""


async def save_channel(command: SaveChannel, channels: Channels, guard: Guard) -> Channel:
    """Store the channel; raise Invalid with every field error."""
    before = await channels.get(command.code) if CODE.fullmatch(command.code) else None
    if before is not None and before.url and command.url == masked(before.url):
        command = replace(command, url=before.url)  # a form that was read and sent back
    errors = [*_errors(command), *_url_errors(command, guard)]
    if not hours_fit(command.quiet_from, command.quiet_to):
        errors.append(FieldError("quiet_from", "TIME_INVALID"))
    if errors:
        raise Invalid(errors)
    return await channels.save(
        Channel(
            code=command.code, kind=command.kind, name=command.name, url=command.url,
            secret=command.secret or (before.secret if before else ""), per_minute=command.per_minute,
            active=command.active if command.active is not None else before is None or before.active,
            quiet_from=clock_of(command.quiet_from), quiet_to=clock_of(command.quiet_to), version=before.version + 1 if before else 1,
        )
    )  # fmt: skip


def _errors(command: SaveChannel) -> list[FieldError]:
    errors = [] if CODE.fullmatch(command.code) else [FieldError("code", "CODE_INVALID")]
    errors += text_errors(
        url=(command.url, MOST_URL), secret=(command.secret, MOST_SECRET), name=(command.name, MOST_NAME)
    )
    kind = KINDS.get(command.kind)
    if kind is None:
        return [*errors, FieldError("kind", "KIND_UNKNOWN", {"kind": command.kind[:40], "allowed": ",".join(KINDS)})]
    if not 0 <= command.per_minute <= kind.most_per_minute:
        params = {"min": "1", "max": str(kind.most_per_minute)}
        errors.append(FieldError("per_minute", "PER_MINUTE_OUT_OF_RANGE", params))
    return errors


def _url_errors(command: SaveChannel, guard: Guard) -> list[FieldError]:
    kind = KINDS.get(command.kind)
    if kind is None or not kind.remote:
        return []
    if not command.url:
        return [] if guard.sink_url else [FieldError("url", "URL_REQUIRED", {"kind": kind.name})]
    why = guard.fault(command.url, command.kind)
    return [FieldError("url", "URL_FORBIDDEN", {"why": why})] if why else []
