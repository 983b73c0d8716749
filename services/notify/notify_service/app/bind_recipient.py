"""Say where a person is reached."""

from __future__ import annotations

from notify_service.app.ports import Addresses
from notify_service.domain.errors import FieldError, Invalid
from notify_service.domain.limits import text_errors

BINDABLE = ("wechat_mp",)
MOST = 200


async def bind_recipient(kind: str, recipient: str, address: str, addresses: Addresses) -> None:
    """Bind, or with an empty address unbind; raise Invalid with every field error."""
    errors = text_errors(recipient=(recipient, MOST), address=(address, MOST))
    if kind not in BINDABLE:
        errors.append(FieldError("kind", "KIND_UNKNOWN", {"kind": kind[:40], "allowed": ",".join(BINDABLE)}))
    if not recipient:
        errors.append(FieldError("recipient", "REQUIRED"))
    if errors:
        raise Invalid(errors)
    await addresses.bind(kind, recipient, address)
