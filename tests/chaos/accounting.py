"""The account of a drill: what clients were promised against what the databases hold (reliability.md section 2).

White-box on purpose: it reads each service's database with the service's own role, never through the service.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from chassis.events import source_of
from chassis.topology import heard
from tests.chaos.ears import Ears
from tests.chaos.history import Command, History
from tests.e2e.stack import Stack

SERVICES = ("order", "planning", "inventory", "notify")
LISTENERS = {f"{name}.events": name for name in SERVICES}
_FOUND = {
    "order": ("order", "SELECT note AS mark, number AS name FROM customer_order WHERE note = ANY($1)"),
    "movement": ("inventory", "SELECT movement_id AS name FROM stock_movement WHERE reason = 'drill' AND item_code = $1"),
    "receipt": ("inventory", "SELECT number AS name FROM receipt WHERE production_order_number = $1"),
    "shipment": ("inventory", "SELECT tracking_numbers[1] AS mark, number AS name FROM shipment WHERE tracking_numbers[1] = ANY($1)"),
    "scan": ("planning", "SELECT scan_id AS name FROM scan WHERE scan_id = ANY($1)"),
}  # fmt: skip
_STOCK = """
SELECT coalesce(sum(abs(s.on_hand - coalesce(m.total, 0))), 0) AS ledger,
       coalesce(sum(abs(s.reserved - coalesce(l.held, 0))), 0) AS lines
FROM stock s
LEFT JOIN (SELECT item_code, sum(quantity) AS total FROM stock_movement GROUP BY 1) m USING (item_code)
LEFT JOIN (SELECT item_code, sum(got - issued) AS held FROM reservation_line GROUP BY 1) l USING (item_code)
"""
# Numbers without a hole: what was numbered, told or still waiting must be exactly 1..last of each subject.
_ZOMBIES = """
SELECT count(*) FROM subject_sequence s LEFT JOIN (
  SELECT subject, count(DISTINCT sequence) AS n, max(sequence) AS top FROM
  (SELECT subject, sequence FROM event_log UNION ALL SELECT subject, sequence FROM outbox) e GROUP BY 1) e USING (subject)
WHERE coalesce(e.n, 0) <> s.last OR coalesce(e.top, 0) <> s.last
"""
# A sub-assembly's receipt is nothing the order counts.
_RECEIVED = """
SELECT coalesce(sum(r.quantity), 0) FROM receipt r JOIN receivable p ON p.number = r.production_order_number
WHERE p.parent_number = ''
"""
# Effects that have no key of their own: a second application of the event would show as a second row.
_TWICE = """
SELECT coalesce(sum(n - 1), 0) FROM (
  SELECT count(*) AS n FROM timeline WHERE what IN ('GoodsReceived', 'GoodsShipped') GROUP BY order_id, what, params) t
WHERE n > 1
"""


@dataclass
class Account:
    """The figures of one drill, and the sentences about what is wrong."""

    rows: dict[str, dict[str, int]] = field(default_factory=dict)
    events: dict[str, int] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)
    sums: dict[str, str] = field(default_factory=dict)
    faults: Sequence[str] = ()
    wrong: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """Return the account as printed."""
        printed = [f"{kind:<9} {_figures(row)}" for kind, row in self.rows.items()]
        printed += [
            f"events    {_figures(self.events)}", f"left      {_figures(self.left)}", f"sums      {_figures(self.sums)}",
            f"faults    injected and confirmed={len(self.faults)}", *(f"          {fault}" for fault in self.faults),
        ]  # fmt: skip
        return [*printed, *(f"WRONG     {sentence}" for sentence in self.wrong)]

    def expect(self, name: str, found: Any, wanted: Any = 0) -> None:
        if found != wanted:
            self.wrong.append(f"{name} is {found}, should be {wanted}")


TALLY: list[Account] = []  # of every drill of this run


def last_line() -> str:
    """Return what all drills of this run lost and doubled, in one line."""
    rows = [row for account in TALLY for row in account.rows.values()]
    acknowledged, found, lost, doubled = (
        sum(row[name] for row in rows) for name in ("acknowledged", "found", "LOST", "doubled")
    )
    lost += sum(account.events.get("missing", 0) for account in TALLY)
    doubled += sum(account.events.get("applied_twice", 0) for account in TALLY)
    faults = sum(len(account.faults) for account in TALLY)
    return (
        f"{len(TALLY)} drills, {faults} faults confirmed: acknowledged {acknowledged}, found {found}, "
        f"LOST {lost}, doubled {doubled}"
    )


def _figures(row: Mapping[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in row.items())


@dataclass
class Auditor:
    """Reads the databases of one stack at rest."""

    stack: Stack
    history: History
    ears: Ears
    cable: str
    received_job: str
    scanned_job: str
    before: frozenset[str] = frozenset()  # told before the subscriber began to listen
    account: Account = field(default_factory=Account)

    async def audit(self, faults: Sequence[str], queues: Mapping[str, int]) -> Account:
        """Return the whole account."""
        self.account.faults = faults
        connections = {name: await asyncpg.connect(self.stack.facts["postgres"][name]) for name in SERVICES}
        try:
            for kind in _FOUND:
                await self._commands(kind, connections)
            await self._events(connections)
            await self._left(connections, queues)
            await self._sums(connections)
        finally:
            for connection in connections.values():
                await connection.close()
        self.account.expect("surprising answers", dict(self.history.surprises), {})
        return self.account

    async def _commands(self, kind: str, connections: Mapping[str, asyncpg.Connection]) -> None:
        service, query = _FOUND[kind]
        sent, told = self.history.of(kind), self.history.acknowledged(kind)
        found = [row["name"] for row in await connections[service].fetch(query, self._asked(kind, sent))]
        named = {command.name for command in told}
        doubt = sum(command.in_doubt for command in sent)
        extra = len(found) - len(set(found) & named)
        row = {
            "attempted": len(sent), "acknowledged": len(told), "in_doubt": doubt, "found": len(found),
            "LOST": len(named - set(found)), "doubled": len(told) - len(named) + max(0, extra - doubt),
            "wrong_id": sum(first in named for first, _ in self.history.wrong_ids),
        }  # fmt: skip
        self.account.rows[kind] = row
        for name in ("LOST", "doubled", "wrong_id"):
            self.account.expect(f"{kind} {name}", row[name])
        if not told:
            self.account.wrong.append(f"no {kind} was ever acknowledged: the drill proves nothing about it")

    def _asked(self, kind: str, sent: Sequence[Command]) -> Any:
        """Return the parameter of the kind's query: the marks it sent, or the one thing it wrote about."""
        match kind:
            case "order":
                return [command.body["note"] for command in sent]
            case "shipment":
                return [command.body["tracking_numbers"][0] for command in sent]
            case "scan":
                return [command.body["scan_id"] for command in sent]
            case "movement":
                return self.cable
        return self.received_job

    async def _events(self, connections: Mapping[str, asyncpg.Connection]) -> None:
        expected = missing = holes = 0
        told: dict[str, set[str]] = {}
        for name, connection in connections.items():
            told[name] = {str(row[0]) for row in await connection.fetch("SELECT event_id FROM event_log")}
            holes += await connection.fetchval(_ZOMBIES)
        for queue, consumer in LISTENERS.items():
            ids = set().union(*(told[name] for name in SERVICES if heard(queue, source_of(name))))
            rows = await connections[consumer].fetch("SELECT event_id FROM inbox WHERE consumer = $1", queue)
            expected += len(ids)
            missing += len(ids - {str(row[0]) for row in rows})
        twice = int(await connections["order"].fetchval(_TWICE))
        unheard = len(set().union(*told.values()) - self.before - self.ears.ids)
        self.account.events = {
            "told": sum(map(len, told.values())), "expected": expected, "effects": expected - missing, "missing": missing,
            "applied_twice": twice, "out_of_order": len(self.ears.late), "unheard_by_subscriber": unheard,
            "repeats_on_the_wire": self.ears.repeats, "sequences_with_holes": holes,
        }  # fmt: skip
        for figure in ("missing", "applied_twice", "out_of_order", "unheard_by_subscriber", "sequences_with_holes"):
            self.account.expect(f"events {figure}", self.account.events[figure])

    async def _left(self, connections: Mapping[str, asyncpg.Connection], queues: Mapping[str, int]) -> None:
        for table in ("outbox", "parked"):
            counts = [await connection.fetchval(f"SELECT count(*) FROM {table}") for connection in connections.values()]
            self.account.left[table] = sum(counts)
        self.account.left["queues"] = sum(queues.get(queue, 0) for queue in LISTENERS)
        self.account.left["dlq"] = sum(queues.get(f"{queue}.dlq", 0) for queue in LISTENERS)
        for name, count in self.account.left.items():
            self.account.expect(f"left in {name}", count)

    async def _sums(self, connections: Mapping[str, asyncpg.Connection]) -> None:
        stock = await connections["inventory"].fetchrow(_STOCK)
        scans = len(self.history.acknowledged("scan"))
        good = await connections["planning"].fetchval(
            "SELECT good FROM operation WHERE production_order_number = $1 ORDER BY sequence LIMIT 1", self.scanned_job
        )
        doubt = sum(command.in_doubt for command in self.history.of("scan"))
        shipped = await connections["inventory"].fetchval("SELECT coalesce(sum(shipped), 0) FROM shippable")
        seen = await connections["order"].fetchval("SELECT coalesce(sum(shipped_quantity), 0) FROM order_line")
        received = await connections["inventory"].fetchval(_RECEIVED)
        known = await connections["order"].fetchval("SELECT coalesce(sum(received_quantity), 0) FROM order_line")
        self.account.sums = {
            "on_hand-ledger": str(stock["ledger"]), "reserved-lines": str(stock["lines"]),
            "scanned-good": f"{scans}..{scans + doubt}/{good:f}",
            "shipped(inventory/order)": f"{shipped:f}/{seen:f}", "received(inventory/order)": f"{received:f}/{known:f}",
        }  # fmt: skip
        self.account.expect("on hand against the ledger", stock["ledger"])
        self.account.expect("reserved against the lines", stock["lines"])
        self.account.expect("shipped as the order knows it", seen, shipped)
        self.account.expect("received as the order knows it", known, received)
        if not scans <= good <= scans + doubt:
            self.account.wrong.append(
                f"{scans} scans of one piece each were acknowledged, the operation shows {good:f}"
            )
