"""Commands that wait together share a transaction; each is claimed, told, audited and answered as its caller's own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Generic, TypeVar

from google.protobuf.message import Message
from opentelemetry import context as traces

from chassis import audit, notes, principal
from chassis.commands import CommandContext, claim_together, give_back, store_together
from chassis.database import Database, Transaction
from chassis.events import Draft
from chassis.outbox import Mark
from chassis.rounds import Rounds

Wish = TypeVar("Wish")
Reply = TypeVar("Reply", bound=Message)


class Asked(Generic[Wish]):
    """One caller's command: who asks, within which trace, and what it tells."""

    def __init__(self, context: CommandContext, wish: Wish) -> None:
        self.context, self.wish = context, wish
        self.who = principal.current.get()
        self.trace = traces.get_current()
        self.drafts: tuple[Draft, ...] = ()

    @property
    def actor(self) -> str:
        """Return who the timeline and the audit log name."""
        return self.who.subject if self.who else ""

    @contextmanager
    def speaking(self, unit: Transaction) -> Iterator[None]:
        """Do what is inside as this caller; the events told there are this command's."""
        before, actor = len(unit.drafts), unit.actor
        trace, who = traces.attach(self.trace), principal.current.set(self.who)
        unit.actor = self.actor
        try:
            yield
        finally:
            unit.actor = actor
            principal.current.reset(who)
            traces.detach(trace)
            self.drafts += unit.drafts[before:]


class SharedCommands(Generic[Wish, Reply]):
    """`work` answers those it could do in one transaction; None for each that has to be run alone, which may refuse."""

    def __init__(
        self,
        database: Database,
        work: Callable[[Transaction, Sequence[Asked[Wish]]], Awaitable[Sequence[Reply | None]]],
    ) -> None:
        self._database, self._work = database, work
        self._rounds: Rounds[Asked[Wish], tuple[Reply, list[Mark]]] = Rounds(self._together)

    async def run(self, context: CommandContext, wish: Wish, alone: Callable[[], Awaitable[Reply]]) -> Reply:
        """Return the answer of a round, or of `alone`: the same command in a transaction of its own."""
        if not context.idempotency_key:  # what cannot be repeated safely shares nothing
            return await alone()

        async def lone() -> tuple[Reply, list[Mark]]:
            return await alone(), []  # its marks are noted already

        reply, marks = await self._rounds.take(Asked(context, wish), lone)
        notes.note_marks(marks)
        return reply

    async def _together(self, asked: Sequence[Asked[Wish]]) -> list[tuple[Reply, list[Mark]] | None]:
        beside = notes.Notes()
        notes.current.set(beside)
        async with self._database.transaction() as unit:
            claimed = await claim_together(unit, asked)
            answers = dict(zip(claimed, await self._work(unit, claimed), strict=True))
            done = {one: answer for one, answer in answers.items() if answer is not None}
            rows = []
            for one, answer in done.items():
                with one.speaking(unit):
                    noted = audit.values(unit, one.context, one.drafts)
                rows.append({**noted, "answer": answer.SerializeToString(deterministic=True)})
            await store_together(unit, rows)
            await give_back(unit, [one for one in claimed if one not in done])
        marks = {mark.subject: mark for mark in beside.marks}
        return [(done[one], _own(one, marks)) if one in done else None for one in asked]


def _own(one: Asked[Wish], marks: dict[str, Mark]) -> list[Mark]:
    return [marks[subject] for subject in dict.fromkeys(draft.subject for draft in one.drafts)]
