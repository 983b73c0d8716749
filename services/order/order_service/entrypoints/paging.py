"""Keyset pages: the token is the last id seen."""

from __future__ import annotations

import base64
import binascii
from uuid import UUID

from orderhub.common.v1.common_pb2 import PageRequest

from order_service.domain.errors import FieldProblem, Invalid

DEFAULT_SIZE = 50
MOST = 200


def page_size(page: PageRequest) -> int:
    """Return the number of rows wanted, within bounds."""
    return min(MOST, page.page_size) if page.page_size > 0 else DEFAULT_SIZE


def read_token(page: PageRequest) -> UUID | None:
    """Return the id a page begins after; None for the first page; raise Invalid."""
    if not page.page_token:
        return None
    try:
        return UUID(bytes=base64.urlsafe_b64decode(page.page_token.encode("ascii")))
    except (ValueError, binascii.Error) as error:
        raise Invalid([FieldProblem("page_token", "PAGE_TOKEN_INVALID")]) from error


def next_token(ids: list[UUID], size: int) -> str:
    """Return the token of the page after `ids`; empty when `ids` (asked for size + 1) is the rest."""
    return base64.urlsafe_b64encode(ids[size - 1].bytes).decode() if len(ids) > size else ""
