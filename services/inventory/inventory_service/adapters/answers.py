"""Answers given to a scan or a movement id are kept for ever: the same one again gets the same answer, without any key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from google.protobuf.message import Message

from chassis import notes
from chassis.database import Transaction
from chassis.sql import text

Reply = TypeVar("Reply", bound=Message)
_CLAIM = text("INSERT INTO answered (kind, name) VALUES (:kind, :name) ON CONFLICT DO NOTHING RETURNING name")
_FIND = text("SELECT answer FROM answered WHERE kind = :kind AND name = :name")
_STORE = text("UPDATE answered SET answer = :answer WHERE kind = :kind AND name = :name")


async def once(
    unit: Transaction, kind: str, name: str, reply: type[Reply], work: Callable[[], Awaitable[Reply]]
) -> Reply:
    """Do `work` the first time `name` is seen, else answer as then; a second one meanwhile waits. No name: just work."""
    if not name:
        return await work()
    key = {"kind": kind, "name": name}
    if (await unit.execute(_CLAIM, key)).first() is None:
        stored = (await unit.execute(_FIND, key)).scalar_one()
        notes.note_replayed()
        return reply.FromString(stored)
    answer = await work()
    await unit.execute(_STORE, {**key, "answer": answer.SerializeToString(deterministic=True)})
    return answer
