"""Explained shortages and the rush preview: who holds the stock, who could give way, what is on its way."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from orderhub.planning.v1 import production_pb2 as pb

from planning_service.adapters import production_views as views
from planning_service.adapters.planning_round import before_planning
from planning_service.app.facts import OrderFacts
from planning_service.app.preview_rush import RushedOrder, RushPreview, preview_rush
from planning_service.domain.arrivals import Arrival
from planning_service.domain.bom import Alternate
from planning_service.domain.catalogue import Catalogue
from planning_service.domain.component import Component
from planning_service.domain.exact import ZERO, plain
from planning_service.domain.giving_way import Claim, Displacement, Rank, behind, rank_of
from planning_service.domain.production_order import ProductionOrder
from planning_service.domain.shortage import one_per_item
from planning_service.entrypoints import production_proto as form
from planning_service.entrypoints.desk import Desk
from planning_service.entrypoints.grpc_shortages import expected_goods, grouped


@dataclass(frozen=True, slots=True)
class Asked:
    """What an explanation is about: components, how pressing they are, what their customer refuses, who needs them."""

    components: Sequence[Component]
    rank: Rank
    refused: Collection[str]
    production_orders: Sequence[views.ProductionView]


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around short items, by item; `free` knows their alternates too."""

    claims: Mapping[str, list[Claim]]
    arrivals: Mapping[str, list[Arrival]]
    made: Mapping[str, list[Any]]
    alternates: Mapping[str, list[Alternate]]
    free: Mapping[str, Decimal]


class Explanations(Desk):
    """Why something is short, and what could be done."""

    async def GetShortageExplanation(
        self, request: pb.GetShortageExplanationRequest, context: Any
    ) -> pb.GetShortageExplanationResponse:
        """Explain each short item of an order or of one production order; stock is asked three times for all of them."""
        asked = await self._asked_about(request)
        catalogue = await self.catalogue()
        wanted = [c for c in asked.components if c.short > 0 and request.item_code in ("", c.item_code)]
        short = one_per_item(wanted)
        if not short:
            return pb.GetShortageExplanationResponse()
        around = await self._around([component for component, _ in short], asked, catalogue)
        return pb.GetShortageExplanationResponse(
            shortages=[_explained(component, total, asked, around, catalogue) for component, total in short]
        )

    async def PreviewRush(self, request: pb.PreviewRushRequest, context: Any) -> pb.PreviewRushResponse:
        """Say what this order would take from orders behind it, if they gave way."""
        facts = await self.orders.get(request.order)
        view = await self.plan(facts.number)
        catalogue = await self.catalogue()
        async with self.database.read() as reader:
            stock = self.heard(await before_planning(reader, facts.number))
        return _rush_message(facts.number, await preview_rush(await self.rushed(facts, view, catalogue), stock))

    async def rushed(self, facts: OrderFacts, view: views.PlanView | None, catalogue: Catalogue) -> RushedOrder:
        """Return an order with what its plan holds, to plan it as if it had none."""
        return RushedOrder(
            facts,
            view.components if view and view.lines else None,
            catalogue,
            self.cache.structures(catalogue),
            refused=await self.refused_by(facts.customer_id),
            today=self.clock.today(),
        )

    async def _asked_about(self, request: pb.GetShortageExplanationRequest) -> Asked:
        if request.production_order:
            one = await self.production_order(request.production_order)
            facts = await self.orders.get(one.order.order_number)
            rank = rank_of(one.order.urgency, one.order.due_date)
            return Asked(one.components, rank, await self.refused_by(facts.customer_id), [one])
        facts = await self.orders.get(request.order)
        view = await self.plan(facts.number)
        rank = rank_of(facts.urgency, facts.due_date)
        refused = await self.refused_by(facts.customer_id)
        return Asked(view.components, rank, refused, view.production_orders) if view else Asked((), rank, refused, ())

    async def _around(self, short: Sequence[Component], asked: Asked, catalogue: Catalogue) -> Around:
        codes = [component.item_code for component in short]
        parents = {view.order.number: view.order for view in asked.production_orders}
        alternates = {
            component.item_code: _alternates(component, parents, catalogue, asked.refused) for component in short
        }
        substitutes = {alternate.item_code for found in alternates.values() for alternate in found}
        async with self.database.read() as reader:
            made = await views.being_made(reader, codes)
        return Around(
            claims=grouped(await self.stock.claims(codes)),
            arrivals=grouped(await self.stock.arrivals(codes)),
            made=grouped(made),
            alternates=alternates,
            free=await self.stock.available({*codes, *substitutes}),
        )


def _alternates(
    component: Component, parents: Mapping[str, ProductionOrder], catalogue: Catalogue, refused: Collection[str]
) -> list[Alternate]:
    """Return the substitutes the parent's bill allows for the component and its customer takes."""
    parent = parents.get(component.production_order_number)
    if parent is None:
        return []
    allowed = catalogue.alternates(parent.item_code, component.item_code, parent.due_date)
    return [alternate for alternate in allowed if alternate.item_code not in refused]


def _explained(
    component: Component, short: Decimal, asked: Asked, around: Around, catalogue: Catalogue
) -> pb.ShortageExplanation:
    code = component.item_code
    item = catalogue.items.get(code)
    claims = around.claims[code]
    yielding = behind(claims, component.order_number, asked.rank)
    return pb.ShortageExplanation(
        item_code=code,
        item_name=component.item_name,
        short=plain(short),
        unit=component.unit,
        available=plain(around.free.get(code, ZERO)),
        lead_time_days=item.lead_time_days if item else 0,
        holders=[_holder(claim, claim in yielding) for claim in sorted(claims, key=Claim.rank, reverse=True)],
        expected=[_being_made(row) for row in around.made[code]]
        + [expected_goods(arrival) for arrival in around.arrivals[code]],
        alternates=[_alternate(alternate, catalogue, around.free) for alternate in around.alternates[code]],
    )


def _rush_message(order_number: str, rush: RushPreview) -> pb.PreviewRushResponse:
    answer = pb.PreviewRushResponse(
        order_number=order_number,
        displaced=[_displaced(displacement, shortage.item_name) for shortage, displacement in rush.displaced],
        promised_date_now=str(rush.promised_now or ""),
        promised_date=str(rush.promised or ""),
    )
    answer.shortages.extend(form.shortage_message(shortage) for shortage in rush.left)
    return answer


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


def _being_made(row: Any) -> pb.ExpectedGoods:
    return pb.ExpectedGoods(
        production_order_number=row.number,
        quantity=plain(row.quantity - row.received),
        due_date=row.due_date.isoformat(),
        state=row.state,
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
