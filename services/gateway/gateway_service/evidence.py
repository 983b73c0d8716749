"""The evidence of one order: a page that says when what happened (S84); no prices, phones or people."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape

from orderhub.order.v1.order_pb2 import GetOrderLeadTimeRequest, GetOrderRequest

from gateway_service import lead_time, texts
from gateway_service.clients import OrderClient
from gateway_service.pages import rows
from gateway_service.rendering import render


async def body(order: OrderClient, number: str) -> tuple[str, str]:
    """Return the page's title and its HTML."""
    whole = render((await order.ask(order.orders.GetOrder, GetOrderRequest(order=number))).order)
    found = await order.ask(order.orders.GetOrderLeadTime, GetOrderLeadTimeRequest(order=number))
    told, words = lead_time.told(found, whole["due_date"] or ""), texts.book()["evidence"]
    title = texts.say("evidence", "title", {"number": number})
    made = datetime.now(UTC).astimezone(lead_time.FACTORY).strftime("%Y-%m-%d %H:%M")
    lines = [[line["item_name"] or "", f"{line['quantity']}{line['unit'] or ''}", line["shipped_quantity"] or "0"]
             for line in whole["lines"]]  # fmt: skip
    parts = [
        f"<h1>{escape(title)}</h1><section><div class=state>{escape(whole['state_text'])}</div>"
        f"<p>{escape(told['sentence'] or '')}</p></section>",
        _section(rows([words["moment"], words["at"]], [[event["name"], event["text"]] for event in told["events"]])),
        _section(rows([words["stage"], words["took"]], [[dwell["name"], dwell["text"]] for dwell in told["dwells"]])),
        _section(rows([words["item"], words["quantity"], words["shipped"]], lines)),
        f"<p class=faint>{escape(words['made'])}{made}</p>",
    ]
    return title, "".join(parts)


def _section(inner: str) -> str:
    return f"<section>{inner}</section>"
