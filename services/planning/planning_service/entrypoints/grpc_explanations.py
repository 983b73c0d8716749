"""Explained shortages and the rush preview: who holds the stock, who could give way, what is on its way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import chain
from typing import Any

from orderhub.planning.v1 import production_pb2 as pb

from planning_service.adapters import production_views as views
from planning_service.app.facts import OrderFacts
from planning_service.domain.bom import Alternate
from planning_service.domain.catalogue import Catalogue
from planning_service.domain.component import Component
from planning_service.domain.exact import ZERO, plain
from planning_service.domain.giving_way import Claim, Displacement, behind, displace
from planning_service.domain.plan import OrderPlan, needed_stock, plan_order
from planning_service.domain.priority import URGENCY_WEIGHT, Urgency
from planning_service.domain.promise import promise_order, short_items
from planning_service.entrypoints.desk import Desk
from planning_service.entrypoints.grpc_shortages import expected_goods


@dataclass(frozen=True, slots=True)
class _Short:
    """What an order lacks of one item."""

    item_code: str
    item_name: str
    unit: str
    quantity: Decimal


class Explanations(Desk):
    """Why something is short, and what could be done."""

    async def GetShortageExplanation(
        self, request: pb.GetShortageExplanationRequest, context: Any
    ) -> pb.GetShortageExplanationResponse:
        """Explain each short item of an order or of one production order."""
        components, rank, refused = await self._short_components(request)
        catalogue = await self.catalogue()
        wanted = [c for c in components if c.short > 0 and request.item_code in ("", c.item_code)]
        answer = pb.GetShortageExplanationResponse()
        for component in _one_per_item(wanted):
            answer.shortages.append(await self._explained(component, rank, catalogue, refused))
        return answer

    async def PreviewRush(self, request: pb.PreviewRushRequest, context: Any) -> pb.PreviewRushResponse:
        """Say what this order would take from orders behind it, if they gave way."""
        facts = await self.orders.get(request.order)
        view = await self.plan(facts.number)
        catalogue = await self.catalogue()
        own = _held_by(view)
        now = await self._fresh(facts, catalogue, own)
        shorts = _shorts_of(view) if view and view.lines else _shorts(now)
        answer = pb.PreviewRushResponse(order_number=facts.number)
        given: dict[str, Decimal] = {}
        rank = (URGENCY_WEIGHT[Urgency.RED], facts.due_date)
        for short in shorts:
            claims = behind(await self.stock.claims(short.item_code), facts.number, rank)
            displaced, left = displace(short.quantity, claims)
            given[short.item_code] = sum((d.quantity for d in displaced), ZERO)
            answer.displaced.extend(_displaced(d, short.item_name) for d in displaced)
            if left:
                answer.shortages.add(
                    item_code=short.item_code, item_name=short.item_name, short=plain(left), unit=short.unit
                )
        answer.promised_date_now = await self._promised(now, catalogue)
        answer.promised_date = await self._promised(await self._fresh(facts, catalogue, own, given), catalogue)
        return answer

    async def _fresh(self, facts: OrderFacts, catalogue: Catalogue, *more: Mapping[str, Decimal]) -> OrderPlan:
        """Plan the order as if it had no plan yet, with what it holds and others would give on top of what is free."""
        structures = self.cache.structures(catalogue)
        free = dict(await self.stock.available(needed_stock(facts.lines, catalogue, structures), facts.number))
        for code, quantity in chain.from_iterable(each.items() for each in more):
            free[code] = free.get(code, ZERO) + quantity
        refused = await self.refused_by(facts.customer_id)
        return plan_order(facts.lines, catalogue, free, structures, refused=refused)

    async def _promised(self, plan: OrderPlan, catalogue: Catalogue) -> str:
        short = short_items(plan)
        arrivals = await self.stock.arrivals(short) if short else []
        dates = [promise.producible_by for promise in promise_order(plan, catalogue, self.clock.today(), arrivals)]
        return max(day for day in dates if day).isoformat() if dates and all(dates) and not plan.unplanned else ""

    async def _short_components(
        self, request: pb.GetShortageExplanationRequest
    ) -> tuple[Sequence[Component], tuple[int, date], Collection[str]]:
        if request.production_order:
            one = await self.production_order(request.production_order)
            facts = await self.orders.get(one.order.order_number)
            rank = (URGENCY_WEIGHT[one.order.urgency], one.order.due_date)
            return one.components, rank, await self.refused_by(facts.customer_id)
        facts = await self.orders.get(request.order)
        view = await self.plan(facts.number)
        rank = (URGENCY_WEIGHT[facts.urgency], facts.due_date)
        return view.components if view else (), rank, await self.refused_by(facts.customer_id)

    async def _explained(
        self, component: Component, rank: tuple[int, date], catalogue: Catalogue, refused: Collection[str]
    ) -> pb.ShortageExplanation:
        code = component.item_code
        claims = [c for c in await self.stock.claims(code) if c.reserved > 0]
        yielding = behind(claims, component.order_number, rank)
        alternates = [a for a in await self._alternates(component, catalogue) if a.item_code not in refused]
        item = catalogue.items.get(code)
        async with self.database.read() as reader:
            expected = await views.being_made(reader, code)
        free = await self.stock.available({code, *(a.item_code for a in alternates)})
        return pb.ShortageExplanation(
            item_code=code,
            item_name=component.item_name,
            short=plain(component.short),
            unit=component.unit,
            available=plain(free.get(code, ZERO)),
            lead_time_days=item.lead_time_days if item else 0,
            holders=[_holder(c, c in yielding) for c in sorted(claims, key=Claim.rank, reverse=True)],
            expected=[
                pb.ExpectedGoods(
                    production_order_number=row.number,
                    quantity=plain(row.quantity - row.received),
                    due_date=row.due_date.isoformat(),
                    state=row.state,
                )
                for row in expected
            ]
            + [expected_goods(arrival) for arrival in await self.stock.arrivals([code])],
            alternates=[_alternate(a, catalogue, free) for a in alternates],
        )

    async def _alternates(self, component: Component, catalogue: Catalogue) -> list[Alternate]:
        """Return the substitutes the parent's bill allows for the component."""
        if not component.production_order_number:
            return []
        parent = (await self.production_order(component.production_order_number)).order
        bom = catalogue.boms.get(parent.item_code)
        version = next((v for v, span in bom.spans() if span.contains(parent.due_date)), None) if bom else None
        lines = version.lines_on(parent.due_date) if version else []
        return [a for line in lines if line.component == component.item_code for a in line.ordered_alternates()]


def _one_per_item(components: Sequence[Component]) -> list[Component]:
    """Return one component per item, the largest shortage of each; totals stand in the pick list."""
    found: dict[str, Component] = {}
    for component in components:
        known = found.get(component.item_code)
        if known is None or component.short > known.short:
            found[component.item_code] = component
    return [found[code] for code in sorted(found)]


def _shorts(plan: OrderPlan) -> list[_Short]:
    return [_Short(p.item.code, p.item.name, p.item.unit, p.short) for p in plan.shortages()]


def _shorts_of(view: views.PlanView) -> list[_Short]:
    totals: dict[str, Decimal] = defaultdict(Decimal)
    names: dict[str, Component] = {}
    for component in view.components:
        if component.short > 0:
            totals[component.item_code] += component.short
            names[component.item_code] = component
    return [_Short(code, names[code].item_name, names[code].unit, totals[code]) for code in sorted(totals)]


def _held_by(view: views.PlanView | None) -> dict[str, Decimal]:
    """Return what an order's plan holds and has used by item: nobody has to give way for it any more."""
    held: dict[str, Decimal] = defaultdict(Decimal)
    for component in view.components if view else ():
        held[component.item_code] += component.reserved
    return held


def _displaced(displacement: Displacement, item_name: str) -> pb.Displaced:
    claim = displacement.claim
    return pb.Displaced(
        order_number=claim.order_number,
        production_order_number=claim.production_order_number,
        line_no=claim.line_no,
        item_code=claim.item_code,
        item_name=item_name,
        quantity=plain(displacement.quantity),
        unit=claim.unit,
        urgency=claim.urgency.value,
        due_date=str(claim.due_date or ""),
    )


def _holder(claim: Claim, could_give_way: bool) -> pb.StockHolder:
    return pb.StockHolder(
        order_number=claim.order_number,
        production_order_number=claim.production_order_number,
        reserved=plain(claim.reserved),
        urgency=claim.urgency.value,
        due_date=str(claim.due_date or ""),
        could_give_way=could_give_way,
    )


def _alternate(alternate: Alternate, catalogue: Catalogue, free: Mapping[str, Decimal]) -> pb.AlternateStock:
    item = catalogue.items.get(alternate.item_code)
    return pb.AlternateStock(
        item_code=alternate.item_code,
        item_name=item.name if item else alternate.item_code,
        ratio=plain(alternate.ratio),
        available=plain(free.get(alternate.item_code, ZERO)),
        unit=item.unit if item else "",
    )
