"""Commands that are safe to repeat: the key is stored in the transaction that has the effect (contract 2)."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import asyncpg
from google.protobuf.message import Message

from chassis import audit, notes
from chassis.database import Database, Transaction, is_transient
from chassis.errors import KeyBusy, KeyReused
from chassis.principal import actor
from chassis.sql import text

ATTEMPTS = 4
Reply = TypeVar("Reply", bound=Message)
Ahead = TypeVar("Ahead")

_FIND = text(
    "SELECT fingerprint, answer FROM idempotency WHERE principal = :principal AND route = :route AND key = :key"
)
_CLAIM = text("""
INSERT INTO idempotency (principal, route, key, fingerprint) VALUES (:principal, :route, :key, :fingerprint)
ON CONFLICT DO NOTHING RETURNING key
""")
# A round is short or it is none: whoever holds a lock for longer is waited for by each of the others alone.
_CLAIM_TOGETHER = text("""
INSERT INTO idempotency (principal, route, key, fingerprint)
SELECT principal, route, key, fingerprint
FROM unnest(CAST(:principals AS text[]), CAST(:routes AS text[]), CAST(:keys AS text[]), CAST(:fingerprints AS text[]))
  AS t (principal, route, key, fingerprint), set_config('lock_timeout', '200ms', true) AS patience
ORDER BY principal, route, key
ON CONFLICT DO NOTHING RETURNING principal, route, key
""")
_GIVE_BACK = text("""
DELETE FROM idempotency WHERE (principal, route, key) IN (
  SELECT * FROM unnest(CAST(:principals AS text[]), CAST(:routes AS text[]), CAST(:keys AS text[])))
""")
_STORE = text(f"""
WITH noted AS ({audit.INSERT})
UPDATE idempotency SET answer = :answer WHERE principal = :actor AND route = :action AND key = :key
""")  # noqa: S608  constants


class CommandContext(Protocol):
    """The `context` field of every command request."""

    idempotency_key: str
    route: str
    fingerprint: str
    object: str
    reason: str


class Commands:
    """Runs one command in one transaction, once per key; serialization failures are retried here, never shown."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def run(
        self, context: CommandContext, reply: type[Reply], work: Callable[[Transaction], Awaitable[Reply]]
    ) -> Reply:
        """Do `work` once and answer; a repeated key gets the first answer again."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await self._once(context, reply, work)
            except Exception as error:
                if attempt == ATTEMPTS or not is_transient(error):
                    raise
                await asyncio.sleep(random.uniform(0.01, 0.05 * 2**attempt))  # noqa: S311  jitter, not a secret
        raise AssertionError("unreachable")

    async def run_after(
        self,
        context: CommandContext,
        reply: type[Reply],
        ahead: Callable[[], Awaitable[Ahead]],
        work: Callable[[Transaction, Ahead], Awaitable[Reply]],
    ) -> Reply:
        """As `run`, after `ahead`: the queries the work needs, made before its transaction. They may refuse what was
        accepted when the key was first used; then the first answer counts."""
        try:
            found = await ahead()
        except Exception:
            known = await self._known(context, reply) if context.idempotency_key else None
            if known is None:
                raise
            return known
        return await self.run(context, reply, lambda unit: work(unit, found))

    async def _known(self, context: CommandContext, reply: type[Reply]) -> Reply | None:
        async with self.database.read() as connection:
            row = (await connection.execute(_FIND, _key(context))).one_or_none()
        return None if row is None or row.answer is None else _replay(context, row.fingerprint, row.answer, reply)

    async def _once(
        self, context: CommandContext, reply: type[Reply], work: Callable[[Transaction], Awaitable[Reply]]
    ) -> Reply:
        async with self.database.transaction() as unit:
            if not context.idempotency_key:
                answer = await work(unit)
                await audit.note(unit, context)
                return answer
            if not await self._claimed(unit, context):
                row = (await unit.execute(_FIND, _key(context))).one()
                return _replay(context, row.fingerprint, row.answer, reply)
            answer = await work(unit)
            noted = audit.values(unit, context, unit.drafts)
            await unit.execute(_STORE, {**noted, "answer": answer.SerializeToString(deterministic=True)})
            return answer

    @staticmethod
    async def _claimed(unit: Transaction, context: CommandContext) -> bool:
        """Take the key, waiting for a running request of the same key; raise KeyBusy when that takes too long."""
        try:
            claimed = await unit.execute(_CLAIM, {**_key(context), "fingerprint": context.fingerprint})
        except asyncpg.LockNotAvailableError as error:
            raise KeyBusy(key=context.idempotency_key) from error
        return claimed.one_or_none() is not None


class Claimant(Protocol):
    """One of several commands that share a transaction."""

    @property
    def context(self) -> CommandContext: ...

    @property
    def actor(self) -> str: ...


One = TypeVar("One", bound=Claimant)


async def claim_together(unit: Transaction, asked: Sequence[One]) -> list[One]:
    """Take the keys nobody has used; of two commands with one key, the first only."""
    mine = {_key_of(one): one for one in reversed(asked)}
    fingerprints = [one.context.fingerprint for one in mine.values()]
    taken = await unit.execute(_CLAIM_TOGETHER, {**_columns(mine), "fingerprints": fingerprints})
    free = {tuple(row) for row in taken}
    return [one for one in asked if mine[_key_of(one)] is one and _key_of(one) in free]


async def store_together(unit: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store the answer of each and its row of the audit log."""
    await unit.connection.execute_many(_STORE, rows)


async def give_back(unit: Transaction, asked: Sequence[Claimant]) -> None:
    """Free the keys of commands that were not done."""
    if asked:
        await unit.execute(_GIVE_BACK, _columns([_key_of(one) for one in asked]))


def _key_of(one: Claimant) -> tuple[str, str, str]:
    return one.actor, one.context.route, one.context.idempotency_key


def _columns(keys: Collection[tuple[str, str, str]]) -> dict[str, list[str]]:
    return {name: [key[n] for key in keys] for n, name in enumerate(("principals", "routes", "keys"))}


def _key(context: CommandContext) -> dict[str, str]:
    return {"principal": actor(), "route": context.route, "key": context.idempotency_key}


def _replay(context: CommandContext, fingerprint: str, answer: bytes, reply: type[Reply]) -> Reply:
    if fingerprint != context.fingerprint:
        raise KeyReused(key=context.idempotency_key)
    notes.note_replayed()
    return reply.FromString(answer)
