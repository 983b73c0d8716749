"""Explained shortages and the rush preview: who holds the stock, who could give way, what is on its way."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from orderhub.planning.v1 import production_pb2 as pb

from planning_service.adapters import production_views as views
from planning_service.app.preview_rush import RushedOrder, RushPreview, preview_rush
from planning_service.domain.bom import Alternate
from planning_service.domain.catalogue import Catalogue
from planning_service.domain.component import Component
from planning_service.domain.exact import ZERO, plain
from planning_service.domain.giving_way import Claim, Displacement, Rank, behind, rank_of
from planning_service.domain.shortage import shortest_per_item
from planning_service.entrypoints import production_proto as form
from planning_service.entrypoints.desk import Desk
from planning_service.entrypoints.grpc_shortages import expected_goods


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
        for component in shortest_per_item(wanted):
            answer.shortages.append(await self._explained(component, rank, catalogue, refused))
        return answer

    async def PreviewRush(self, request: pb.PreviewRushRequest, context: Any) -> pb.PreviewRushResponse:
        """Say what this order would take from orders behind it, if they gave way."""
        facts = await self.orders.get(request.order)
        view = await self.plan(facts.number)
        catalogue = await self.catalogue()
        order = RushedOrder(
            facts,
            view.components if view and view.lines else None,
            catalogue,
            self.cache.structures(catalogue),
            refused=await self.refused_by(facts.customer_id),
            today=self.clock.today(),
        )
        return _rush_message(facts.number, await preview_rush(order, self.stock))

    async def _short_components(
        self, request: pb.GetShortageExplanationRequest
    ) -> tuple[Sequence[Component], Rank, Collection[str]]:
        if request.production_order:
            one = await self.production_order(request.production_order)
            facts = await self.orders.get(one.order.order_number)
            rank = rank_of(one.order.urgency, one.order.due_date)
            return one.components, rank, await self.refused_by(facts.customer_id)
        facts = await self.orders.get(request.order)
        view = await self.plan(facts.number)
        rank = rank_of(facts.urgency, facts.due_date)
        return view.components if view else (), rank, await self.refused_by(facts.customer_id)

    async def _explained(
        self, component: Component, rank: Rank, catalogue: Catalogue, refused: Collection[str]
    ) -> pb.ShortageExplanation:
        code = component.item_code
        claims = [c for c in await self.stock.claims(code) if c.reserved > 0]
        yielding = behind(claims, component.order_number, rank)
        alternates = [a for a in await self._alternates(component, catalogue) if a.item_code not in refused]
        item = catalogue.items.get(code)
        async with self.database.read() as reader:
            made = await views.being_made(reader, code)
        free = await self.stock.available({code, *(a.item_code for a in alternates)})
        return pb.ShortageExplanation(
            item_code=code,
            item_name=component.item_name,
            short=plain(component.short),
            unit=component.unit,
            available=plain(free.get(code, ZERO)),
            lead_time_days=item.lead_time_days if item else 0,
            holders=[_holder(c, c in yielding) for c in sorted(claims, key=Claim.rank, reverse=True)],
            expected=[_being_made(row) for row in made]
            + [expected_goods(arrival) for arrival in await self.stock.arrivals([code])],
            alternates=[_alternate(a, catalogue, free) for a in alternates],
        )

    async def _alternates(self, component: Component, catalogue: Catalogue) -> list[Alternate]:
        """Return the substitutes the parent's bill allows for the component."""
        if not component.production_order_number:
            return []
        parent = (await self.production_order(component.production_order_number)).order
        return catalogue.alternates(parent.item_code, component.item_code, parent.due_date)


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
