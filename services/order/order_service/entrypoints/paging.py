"""Keyset pages: the token is the last id seen."""

from __future__ import annotations

from uuid import UUID

from orderhub.common.v1.common_pb2 import PageRequest

from chassis import page_token

DEFAULT_SIZE = 50
MOST = 200


def page_size(page: PageRequest) -> int:
    """Return the number of rows wanted, within bounds."""
    return min(MOST, page.page_size) if page.page_size > 0 else DEFAULT_SIZE


def read_token(kind: str, page: PageRequest) -> UUID | None:
    """Return the id a page of a kind of list begins after; None for the first page; raise BadPageToken."""
    found: tuple[UUID | None] = page_token.read(kind, page.page_token, UUID, first=(None,))
    return found[0]


def next_token(kind: str, ids: list[UUID], size: int) -> str:
    """Return the token of the page after `ids`; empty when `ids` (asked for size + 1) is the rest."""
    return page_token.write(kind, ids[size - 1]) if len(ids) > size else ""
