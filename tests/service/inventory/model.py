"""What the warehouse must do, written plainly: one step after the other, whole numbers, no SQL."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

URGENCIES = ("red", "yellow", "green")
Key = tuple[str, str, int, str]  # production order, order, line, item


@dataclass
class ModelLine:
    need: int
    rank: tuple[int, int, str, int]
    asked: bool = True
    got: int = 0
    issued: int = 0
    is_open: bool = True

    @property
    def held(self) -> int:
        return self.got - self.issued

    @property
    def hungry(self) -> int:
        return self.need - self.got if self.is_open else 0


@dataclass
class ModelJob:
    order: str
    planned: int
    passed: int = 0
    received: int = 0
    dead: bool = False
    ended: bool = False
    components: dict[str, int] = field(default_factory=dict)
    due: str = ""
    rank: int = 0


@dataclass
class Model:
    """Balances, lines, production orders (each makes A for line 1 of its order), shippable lines."""

    on_hand: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    lines: dict[Key, ModelLine] = field(default_factory=dict)
    jobs: dict[str, ModelJob] = field(default_factory=dict)
    ordered: dict[tuple[str, int], int] = field(default_factory=dict)
    items: dict[tuple[str, int], str] = field(default_factory=dict)
    shipped: dict[tuple[str, int], int] = field(default_factory=dict)
    returned: dict[tuple[str, int], int] = field(default_factory=dict)
    urgency: dict[str, str] = field(default_factory=dict)
    cancelled: set[str] = field(default_factory=set)
    seq: int = 0

    def held(self, item: str) -> int:
        return sum(line.held for key, line in self.lines.items() if key[3] == item)

    def free(self, item: str) -> int:
        return self.on_hand.get(item, 0) - self.held(item)

    def feed(self) -> None:
        """Give what is free to who waits, most pressing first."""
        for key, line in sorted(self.lines.items(), key=lambda pair: pair[1].rank):
            line.got += min(line.hungry, max(0, self.free(key[3])))
        for number, job in self.jobs.items():
            if job.received and not job.dead:
                self.consume(number, job, from_free=False)

    def move(self, kind: str, item: str, quantity: int) -> bool:
        before = self.on_hand.get(item, 0)
        after = {
            "receipt": before + quantity,
            "issue": before - quantity,
            "adjustment": before + quantity,
            "count": quantity,
        }[kind]
        if after < 0 or (kind == "issue" and quantity > self.free(item)):
            return False
        self.on_hand[item] = after
        for _, line in sorted(self.lines.items(), key=lambda pair: pair[1].rank, reverse=True):
            if self.free(item) < 0 and _[3] == item:
                line.got -= min(line.held, -self.free(item))
        self.feed()
        return True

    def confirm(self, order: str, urgency: str, lines: dict[int, tuple[str, int]]) -> None:
        self.urgency[order] = urgency
        for line_no, (item, quantity) in lines.items():
            key = (order, line_no)
            self.items[key], self.ordered[key], self.shipped[key], self.returned[key] = item, quantity, 0, 0

    def plan(
        self,
        order: str,
        number: str,
        making: int,
        components: dict[str, int],
        stocked: dict[int, tuple[str, int]],
        due: str,
        rank: int,
    ) -> None:
        urgency = URGENCIES.index(self.urgency[order])
        dead = order in self.cancelled
        self.jobs[number] = ModelJob(order, making, dead=dead, components=components, due=due, rank=rank)
        if order in self.cancelled:
            return
        asked = [((number, order, 1, item), quantity, due, rank) for item, quantity in components.items()]
        asked += [
            (("", order, line_no, item), quantity, "9999", 10**9) for line_no, (item, quantity) in stocked.items()
        ]
        for key, quantity, day, place in asked:
            self.seq += 1
            self.lines[key] = ModelLine(quantity, (place or 10**9, urgency, day, self.seq))
        self.feed()

    def want(self, order: str, line_no: int, quantity: int) -> None:
        """The customer wants another quantity of a line: what is held for its shipment and not wanted any more is freed."""
        self.ordered[(order, line_no)] = quantity
        for key, line in self.lines.items():
            if key[1] == order and not key[0] and line.is_open:
                line.need = max(line.issued, min(line.need, line.issued + self.remaining(order, key[2])))
                line.got = min(line.got, line.need)
        self.feed()

    def replan(self, order: str, numbers: list[str], stocked: dict[int, tuple[str, int]], replaced: list[str]) -> None:
        """The plan is told whole again: what its lines give back stays with the order as far as it needs it."""
        mine = {key: line for key, line in self.lines.items() if key[1] == order}
        held = {key: line.held for key, line in mine.items()}
        asked = self._asked(order, numbers, stocked)
        for key, (quantity, rank) in asked.items():
            if key not in self.lines:
                self.seq += 1
                self.lines[key] = mine[key] = ModelLine(quantity, (*rank, self.seq))
                held[key] = 0
            line = mine[key]
            line.need = max(line.issued, quantity if key[0] else max(quantity, line.got))
            line.got, line.asked, line.is_open = min(line.got, line.need), True, True
        touched = {key[0] for key in asked}
        for key, line in mine.items():
            waits = line.is_open and bool(key[0]) and self.jobs[key[0]].dead
            if key not in asked and (waits or (line.asked and (key[0] in touched or key[0] in replaced))):
                line.need = line.got = line.issued
                line.is_open = line.is_open and not waits
        freed: defaultdict[str, int] = defaultdict(int)
        for key, line in mine.items():
            freed[key[3]] += max(0, held[key] - line.held)
        for key in asked:
            share = min(mine[key].hungry, freed[key[3]])
            mine[key].got += share
            freed[key[3]] -= share
        self.feed()

    def _asked(
        self, order: str, numbers: list[str], stocked: dict[int, tuple[str, int]]
    ) -> dict[Key, tuple[int, tuple[int, int, str]]]:
        urgency = URGENCIES.index(self.urgency[order])
        asked: dict[Key, tuple[int, tuple[int, int, str]]] = {}
        for number in numbers:
            job = self.jobs[number]
            for item, quantity in job.components.items() if not job.dead else ():
                asked[(number, order, 1, item)] = quantity, (job.rank or 10**9, urgency, job.due)
        for line_no, (item, quantity) in stocked.items():
            asked[("", order, line_no, item)] = quantity, (10**9, urgency, "9999")
        return asked

    def end_replaced(self, number: str) -> None:
        """A production order ends for another plan: what it holds waits for that plan, it wants no more."""
        lines = [line for key, line in self.lines.items() if key[0] == number and line.is_open]
        for line in lines:
            line.need = line.got
        if not any(line.held for line in lines):
            for line in lines:
                line.is_open = False
        self.jobs[number].dead = self.jobs[number].ended = True

    def cancel(self, order: str) -> None:
        self.cancelled.add(order)
        for key, line in self.lines.items():
            if key[1] == order:
                line.got, line.is_open = line.issued, False
        self.feed()

    def receive(self, number: str, quantity: int) -> str:
        job = self.jobs[number]
        if job.ended:
            return "PRODUCTION_ORDER_CANCELLED"
        if job.passed == 0:
            return "NOT_INSPECTED"
        if job.received + quantity > job.passed:
            return "OVER_RECEIPT"
        job.received += quantity
        self.on_hand["A"] = self.on_hand.get("A", 0) + quantity
        if job.order not in self.cancelled:
            self.keep(job.order, quantity)
        self.consume(number, job, from_free=True)
        self.feed()
        return ""

    def keep(self, order: str, quantity: int) -> None:
        """Hold made goods for line 1 of the order, as much as it still wants."""
        key: Key = ("", order, 1, "A")
        wanted = self.remaining(order, 1)
        line = self.lines.get(key)
        keep = min(quantity, max(0, wanted - (line.held if line else 0)))
        if keep:
            if line is None:
                self.seq += 1
                line = self.lines[key] = ModelLine(
                    0, (10**9, URGENCIES.index(self.urgency[order]), "9999", self.seq), asked=False
                )
            line.got += keep
            line.need = max(line.got, min(line.need + keep, line.issued + wanted))

    def consume(self, number: str, job: ModelJob, *, from_free: bool) -> None:
        for key, line in self.lines.items():
            if key[0] == number and line.is_open:
                whole = job.received >= job.planned
                due = line.need if whole else min(line.need, -(-line.need * job.received // job.planned))
                free = max(0, self.free(key[3])) if from_free else 0
                used = min(max(0, due - line.issued), line.held + free)
                line.issued += used
                line.got = max(line.got, line.issued)
                self.on_hand[key[3]] -= used
                line.is_open = not (whole and line.issued >= line.need)

    def remaining(self, order: str, line_no: int) -> int:
        key = (order, line_no)
        return max(0, self.ordered[key] - self.shipped[key] + self.returned[key])

    def ship(self, order: str, line_no: int, quantity: int) -> str:
        item = self.items[(order, line_no)]
        if order in self.cancelled:
            return "ORDER_NOT_SHIPPABLE"
        if quantity > self.remaining(order, line_no):
            return "OVER_SHIPMENT"
        key: Key = ("", order, line_no, item)
        line = self.lines.get(key)
        if quantity > (line.held if line else 0) + self.free(item):
            return "INSUFFICIENT_STOCK"
        if line is None:
            self.seq += 1
            line = self.lines[key] = ModelLine(
                0, (10**9, URGENCIES.index(self.urgency[order]), "9999", self.seq), asked=False
            )
        self.shipped[(order, line_no)] += quantity
        self.on_hand[item] -= quantity
        line.issued += quantity
        line.got = max(line.got, line.issued)
        line.need = max(line.issued, min(max(line.need, line.got), line.issued + self.remaining(order, line_no)))
        line.got = min(line.got, line.need)
        self.feed()
        return ""

    def take_back(self, order: str, line_no: int, quantity: int) -> str:
        key = (order, line_no)
        if self.returned[key] + quantity > self.shipped[key]:
            return "OVER_RETURN"
        self.returned[key] += quantity
        item = self.items[key]
        self.on_hand[item] = self.on_hand.get(item, 0) + quantity
        self.feed()
        return ""
