"""GetScanTarget: what a code is, and what may be done with it now."""

from __future__ import annotations

from decimal import Decimal

from orderhub.planning.v1 import production_pb2 as pb

from planning_service.adapters.production_views import ProductionView
from planning_service.domain.catalogue import Catalogue
from planning_service.domain.errors import UnknownCode
from planning_service.domain.exact import plain
from planning_service.domain.lifecycle import DEAD, ProductionState
from planning_service.domain.production_order import ProductionOrder
from planning_service.domain.scan_code import read_code, why_unknown
from planning_service.entrypoints import production_proto as form


def target_message(view: ProductionView, code: str) -> pb.GetScanTargetResponse:
    """Return what may be done with a production order; a code of one operation is about that operation."""
    order = view.order
    wanted = _operation(order, read_code(code).sequence)
    message = pb.GetScanTargetResponse(
        kind="production_order",
        number=order.number,
        actions=_actions(order),
        planned=plain(order.quantity),
        passed=plain(order.passed),
        received=plain(order.received),
        remaining=plain(max(Decimal(0), order.passed - order.received)),
        unit=order.unit,
        item_code=order.item_code,
        item_name=order.item_name,
        state=order.state.value,
    )
    if wanted is not None:
        message.operation.CopyFrom(form.operation_message(order, wanted))
    return message


def other_target(code: str, catalogue: Catalogue) -> pb.GetScanTargetResponse:
    """Return what a code is that names no production order: goods to count, an order to ship; raises UnknownCode."""
    said = code.strip()
    item = catalogue.items.get(catalogue.resolve(said))
    if item is not None:
        return pb.GetScanTargetResponse(
            kind="item", number=item.code, actions=["count"], item_code=item.code, item_name=item.name, unit=item.unit
        )
    reason = why_unknown(said)
    if reason == "CODE_IS_ORDER":
        return pb.GetScanTargetResponse(kind="order", number=said, actions=["ship"])
    raise UnknownCode(reason, said[:128])


def _operation(order: ProductionOrder, sequence: int | None) -> int | None:
    """Return the place of the operation that is named, else of the next open one."""
    named = next((index for index, one in enumerate(order.operations) if one.sequence == sequence), None)
    return named if named is not None else order.next_open()


def _actions(order: ProductionOrder) -> list[str]:
    if order.state in DEAD or order.state is ProductionState.ON_HOLD:
        return []
    work = ["start", "finish"] if order.next_open() is not None else []
    inspect = ["inspect"] if order.state is ProductionState.AWAITING_INSPECTION and order.waiting > 0 else []
    receive = ["receive"] if order.passed > order.received else []
    return work + inspect + receive
