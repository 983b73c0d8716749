"""Overview, lead time, search, tracking links, attachments, live stream, health."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta

import grpc
import httpx2
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from orderhub.inventory.v1.inventory_pb2 import ListShipmentsResponse, Shipment
from orderhub.notify.v1.notify_pb2 import ListNotificationsResponse
from orderhub.order.v1.customer_pb2 import Customer, ListCustomersResponse
from orderhub.order.v1.events_pb2 import OrderConfirmed
from orderhub.order.v1.order_pb2 import (
    Dwell,
    GetOrderLeadTimeResponse,
    GetOrderResponse,
    GetTimelineResponse,
    GetTrackedOrderResponse,
    ListOrdersResponse,
    Order,
    StageEvent,
    TimelineEntry,
    TrackedLine,
    TrackedParcel,
)
from orderhub.planning.v1.events_pb2 import OperationFinished
from orderhub.planning.v1.production_pb2 import GetPlanResponse, GetProductionOrderResponse, ProductionOrder

from chassis.broker import Outgoing, RabbitPublisher
from chassis.events import Draft, encode, source_of
from chassis.ids import uuid7
from gateway_service.limits import Limiter
from gateway_service.problems import Problem
from gateway_service.sealed_links import EvidenceLinks
from tests.service.gateway.conftest import House
from tests.service.gateway.standin import AWAY, SERVING, Refuse
from tests.support.rabbit import amqp_url
from tests.support.waiting import eventually

TRACE = "0af7651916cd43dd8448eb211c80319c"
ORDER = Order(
    number="SO1", state="planned", due_date="2026-02-20", traceparent=f"00-{TRACE}-b7ad6b7169203331-01", version=1
)


def at(day: int, month: int = 2) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(datetime(2026, month, day, 20, tzinfo=UTC))  # already the next day in Shanghai
    return stamp


async def test_the_overview_tells_all_of_it_with_one_correlation_id(house: House) -> None:
    house.services.tell("GetOrder", GetOrderResponse(order=ORDER))
    house.services.tell("GetPlan", GetPlanResponse(production_orders=[ProductionOrder(number="PO1")]))
    house.services.tell("ListShipments", ListShipmentsResponse(shipments=[Shipment(number="SH1")]))

    told = (await house.call("GET", "/orders/SO1/overview", role="manager")).json()

    assert told["correlation_id"] == TRACE
    assert told["production_orders"][0] | {} == told["production_orders"][0]
    assert (told["production_orders"][0]["number"], told["production_orders"][0]["correlation_id"]) == ("PO1", TRACE)
    assert told["shipments"][0]["correlation_id"] == TRACE
    assert told["unavailable"] == []
    assert {"reservations", "receipts", "invoice_tasks", "notifications", "timeline", "shortages"} <= set(told)


async def test_the_overview_goes_on_without_a_service(house: House) -> None:
    house.services.tell("GetOrder", GetOrderResponse(order=ORDER))
    house.services.tell("ListNotifications", Refuse(grpc.StatusCode.UNAVAILABLE, "AWAY"))
    house.services.tell("GetPlan", Refuse(grpc.StatusCode.NOT_FOUND, "NO_PLAN"))

    told = (await house.call("GET", "/orders/SO1/overview")).json()

    assert told["unavailable"] == ["notifications"]
    assert told["notifications"] is None
    assert told["production_orders"] is None


async def test_the_whole_answer_keeps_the_deadline(house: House) -> None:
    async def later(seconds: float, answer: object) -> object:
        await asyncio.sleep(seconds)
        return answer

    house.services.tell("GetOrder", lambda _: later(1.0, GetOrderResponse(order=ORDER)))
    house.services.tell("ListNotifications", lambda _: later(5.0, ListNotificationsResponse()))

    answer = await house.call("GET", "/orders/SO1/overview")

    assert (answer.status_code, answer.json()["unavailable"]) == (200, ["notifications"])
    assert answer.elapsed.total_seconds() < 3.7  # one after the other they would take 1 + 2.8


def lead_time(*days: tuple[str, int], longest: str = "") -> GetOrderLeadTimeResponse:
    events = [StageEvent(stage=stage, at=at(day)) for stage, day in days] + [StageEvent(stage="first_quote")]
    return GetOrderLeadTimeResponse(
        order_number="SO1", events=events, longest_stage=longest, now=at(28),
        dwells=[Dwell(stage="receipt_to_ship", hours="24"), Dwell(stage="carrier")],
    )  # fmt: skip


async def test_the_dated_sentence_names_the_stage(house: House) -> None:
    house.services.tell("GetOrder", GetOrderResponse(order=ORDER))
    days = (("confirmed", 14), ("released", 15), ("first_operation_started", 17), ("received", 19), ("shipped", 20))
    house.services.tell("GetOrderLeadTime", lead_time(*days, longest="carrier"))

    told = (await house.call("GET", "/orders/SO1/lead-time")).json()

    assert told["sentence"] == "15日下单，16日已锁计划，18日车间开工，20日入库，21日发出——延误发生在物流承运商环节"
    assert told["events"][-1] == {"stage": "first_quote", "name": "首次报价", "at": None, "text": "未记录"}
    assert [dwell["text"] for dwell in told["dwells"]] == ["24 小时", "未记录"]


async def test_an_order_in_time_is_not_called_late(house: House) -> None:
    in_time = Order(number="SO1", due_date="2026-12-31")
    house.services.tell("GetOrder", GetOrderResponse(order=in_time))
    house.services.tell("GetOrderLeadTime", lead_time(("confirmed", 14), ("shipped", 20), longest="production"))

    told = (await house.call("GET", "/orders/SO1/lead-time")).json()

    assert told["sentence"] == "15日下单，21日发出——耗时最长的是车间加工环节"


async def test_the_evidence_is_one_link_to_one_order(house: House) -> None:
    house.services.tell("GetOrder", GetOrderResponse(order=ORDER))
    house.services.tell("GetOrderLeadTime", lead_time(("confirmed", 14), ("shipped", 20), longest="carrier"))
    link = (await house.call("GET", "/orders/SO1/evidence-link", role="manager")).json()["url"]
    token = link.rsplit("/", 1)[1]

    page = await house.http.get(f"{house.base}/e/{token}")
    altered = await house.http.get(f"{house.base}/e/{token[:-3]}AAA")
    nonsense = [(await house.http.get(f"{house.base}/e/{odd}")).status_code for odd in ("x", "%FF", "a" * 200)]

    assert link.startswith("https://hub.example/e/")
    assert "15日下单，21日发出——延误发生在物流承运商环节" in page.text
    assert "未记录" in page.text
    assert (page.status_code, altered.status_code) == (200, 404)
    assert nonsense == [404, 404, 404]


def test_an_evidence_link_ends() -> None:
    links = EvidenceLinks("key")
    now = datetime(2026, 11, 22, tzinfo=UTC)
    token, until = links.token("SO1", now)

    assert links.number(token, until - timedelta(seconds=1)) == "SO1"
    with pytest.raises(Problem):
        links.number(token, until)
    with pytest.raises(Problem):
        EvidenceLinks("other").number(token, now)


async def test_the_timeline_is_told_in_chinese(house: House) -> None:
    entry = TimelineEntry(at=at(1), actor="planner", what="OrderConfirmed", params={"note": "x"})
    house.services.tell("GetTimeline", GetTimelineResponse(entries=[entry]))

    item = (await house.call("GET", "/orders/SO1/timeline")).json()["items"][0]

    assert (item["actor"], item["text"], item["params"]) == ("planner", "确认订单", {"note": "x"})


async def test_search_finds_the_order_behind_a_production_order(house: House) -> None:
    house.services.tell("ListOrders", ListOrdersResponse())
    house.services.tell("ListCustomers", ListCustomersResponse(customers=[Customer(name="启明")]))
    found = GetProductionOrderResponse(production_order=ProductionOrder(number="PO1", order_number="SO1"))
    house.services.tell("GetProductionOrder", found)
    house.services.tell("GetOrder", GetOrderResponse(order=ORDER))

    told = (await house.call("GET", "/search?q=PO1")).json()

    assert [order["number"] for order in told["orders"]] == ["SO1"]
    assert told["production_orders"][0]["number"] == "PO1"
    assert told["customers"][0]["name"] == "启明"


async def test_search_looks_a_phone_up_exactly(house: House) -> None:
    await house.call("GET", "/search?q=%2B86 138-0013-8000")
    by_phone = house.services.last("ListCustomers").request
    await house.call("GET", "/search?q=SO2026")
    by_words = house.services.last("ListCustomers").request

    assert (by_phone.phone, by_phone.q) == ("+86 138-0013-8000", "")
    assert (by_words.phone, by_words.q) == ("", "SO2026")


TRACKED = GetTrackedOrderResponse(
    number="SO1", state="part_shipped", channel="phone", customer_name="启明", due_date="2026-12-01",
    lines=[TrackedLine(line_no=1, item_name="<b>电机", quantity="2", unit="台", shipped_quantity="1")],
    parcels=[TrackedParcel(carrier="顺丰", tracking_number="SF1", shipped_at=at(1))], updated_at=at(2),
)  # fmt: skip


async def test_a_tracking_link_shows_its_order_to_anybody(house: House) -> None:
    house.services.tell("GetTrackedOrder", TRACKED)

    answer = await house.http.get("/track/some-long-token")

    told = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-robots-tag"].startswith("noindex")
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert told["heading"] == "您刚来电确认的订单 SO1"
    assert told["state_text"] == "部分已发货"
    assert "phone" not in {key for key in told if key != "channel"}
    assert house.services.last("GetTrackedOrder").principal.subject == "service:gateway"


async def test_the_customer_reads_the_name_of_the_salesperson(house: House) -> None:
    named = {"display_name": "王销售", "roles": ["sales"], "password": "a long enough password"}
    assert (await house.call("PUT", "/users/sales-of-track", role="admin", json=named)).status_code in (200, 201)
    owned = GetTrackedOrderResponse()
    owned.CopyFrom(TRACKED)
    owned.sales_owner = "sales-of-track"
    house.services.tell("GetTrackedOrder", owned)

    answer = await house.http.get("/track/some-long-token")

    assert answer.json()["sales_owner"] == "王销售"


async def test_the_tracking_page_escapes_what_people_wrote(house: House) -> None:
    house.services.tell("GetTrackedOrder", TRACKED)

    page = await house.http.get(f"{house.base}/t/some-long-token")

    assert page.status_code == 200
    assert "&lt;b&gt;电机" in page.text
    assert "SF1" in page.text
    assert "2026-02-03 04:00" in page.text  # 20:00 UTC is the next morning at the factory
    assert "script-src 'self'" in page.headers["content-security-policy"]


async def test_a_wrong_tracking_link_is_not_found(house: House) -> None:
    house.services.tell("GetTrackedOrder", Refuse(grpc.StatusCode.NOT_FOUND, "TRACKING_LINK_UNKNOWN"))

    answers = [
        await house.http.get(path) for path in ("/track/unknown-token", "/track/x", f"{house.base}/t/nothing-here")
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 404]


async def test_tracking_is_limited_by_address(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(house.gateway, "track_limiter", Limiter(0.001, 3))
    house.services.tell("GetTrackedOrder", TRACKED)

    answers = [await house.http.get("/track/some-long-token") for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert int(answers[3].headers["retry-after"]) > 0


PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 100


async def test_an_attachment_comes_back_as_a_download(house: House) -> None:
    sent = {"file": ("../../合同 扫描.png", PNG, "image/png")}
    kept = await house.call("POST", "/attachments", role="clerk", key="a1", files=sent)
    again = await house.call("POST", "/attachments", role="clerk", key="a1", files=sent)

    told = kept.json()
    got = await house.call("GET", f"/attachments/{told['id']}", role="finance")
    assert kept.status_code == 201, kept.text
    assert (told["file_name"], told["media_type"], told["size"]) == ("合同 扫描.png", "image/png", len(PNG))
    assert got.content == PNG
    assert got.headers["content-disposition"].startswith("attachment;")
    assert got.headers["x-content-type-options"] == "nosniff"
    assert again.content == kept.content
    assert again.headers["idempotent-replayed"] == "true"


@pytest.mark.parametrize(
    ("name", "content", "declared"),
    [
        ("a.png", b"<html><script>", "image/png"),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
        ("a.html", PNG, "image/png"),
        ("a.png", PNG, "text/html"),
        ("a.pdf", PNG, "application/pdf"),
        ("a.png", b"", "image/png"),
    ],
)
async def test_what_only_pretends_is_refused(house: House, name: str, content: bytes, declared: str) -> None:
    answer = await house.call("POST", "/attachments", files={"file": (name, content, declared)})

    assert answer.status_code == 415


async def test_a_file_too_big_is_refused(house: House) -> None:
    answer = await house.call(
        "POST", "/attachments", files={"file": ("a.png", PNG + b"0" * (10 * 1024 * 1024), "image/png")}
    )

    assert answer.status_code == 413


@pytest.mark.parametrize("name", ["nope", "01931b1e-0000-7000-8000-000000000000"])
async def test_an_unknown_attachment(house: House, name: str) -> None:
    assert (await house.call("GET", f"/attachments/{name}")).status_code == 404


async def publish(message: object, subject: str) -> str:
    draft = Draft(uuid7(), subject, message, datetime.now(UTC), f"00-{TRACE}-b7ad6b7169203331-01", "planner", "")  # type: ignore[arg-type]
    publisher = RabbitPublisher(amqp_url(), "test")
    await publisher.publish(Outgoing(str(draft.event_id), draft.type, encode(draft, source_of("order"), 1), ""))
    await publisher.close()
    return str(draft.event_id)


async def events(answer: httpx2.Response, count: int) -> list[dict[str, str]]:
    """Return the first events of an open stream."""
    found: list[dict[str, str]] = []
    block: dict[str, str] = {}
    async with asyncio.timeout(10):
        async for line in answer.aiter_lines():
            name, _, value = line.partition(": ")
            if line == "" and "event" in block:
                found.append(block)
                block = {}
                if len(found) == count:
                    return found
            elif name:
                block[name] = value
    return found


async def test_changes_arrive_while_they_happen(house: House) -> None:
    headers = {"Authorization": f"Bearer {await house.gateway_token('planner')}"}
    async with house.http.stream("GET", "/stream", headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        event_id = await publish(OrderConfirmed(order_number="SO9"), "orders/SO9")

        [event] = await events(answer, 1)

    told = json.loads(event["data"])
    assert (event["id"], told["type"], told["subject"]) == (event_id, "orderhub.order.v1.OrderConfirmed", "orders/SO9")
    assert told["data"]["order_number"] == "SO9"


async def test_a_lost_stream_goes_on_where_it_was(house: House) -> None:
    headers = {"Authorization": f"Bearer {await house.gateway_token('planner')}"}
    first = await publish(OrderConfirmed(order_number="SO1"), "orders/SO1")
    second = await publish(OrderConfirmed(order_number="SO2"), "orders/SO2")

    async def both_seen() -> bool:
        return {first, second} <= {change.id for change in house.gateway.hub._ring}

    await eventually(both_seen)
    async with house.http.stream("GET", "/stream", headers=headers | {"Last-Event-ID": first}) as answer:
        [resumed] = await events(answer, 1)
    async with house.http.stream("GET", "/stream", headers=headers | {"Last-Event-ID": "long-gone"}) as answer:
        [reset] = await events(answer, 1)

    assert resumed["id"] == second
    assert reset["event"] == "reset"


async def test_a_ticket_opens_the_stream_once(house: House) -> None:
    ticket = (await house.call("POST", "/stream/ticket", role="team_leader", key=None)).json()["ticket"]

    async with house.http.stream("GET", f"/stream?ticket={ticket}") as answer:
        opened = answer.status_code
    again = await house.http.get(f"/stream?ticket={ticket}")
    without = await house.http.get("/stream")

    assert (opened, again.status_code, without.status_code) == (200, 401, 401)


async def test_a_scanner_sees_the_floor_only(house: House) -> None:
    from gateway_service.stream import Listener, change_of

    listener = Listener(floor_only=True)
    for message, subject in (
        (OrderConfirmed(order_number="SO1"), "orders/SO1"),
        (OperationFinished(), "production-orders/P"),
    ):
        draft = Draft(uuid7(), subject, message, datetime.now(UTC), "", "", "")
        listener.offer(change_of(encode(draft, "/orderhub/x", 1)))

    assert [listener.waiting.get_nowait().type for _ in range(listener.waiting.qsize())] == [
        "orderhub.planning.v1.OperationFinished"
    ]


async def test_alive_and_ready(house: House) -> None:
    alive = await house.http.get(f"{house.base}/healthz")

    async def ready_now() -> httpx2.Response | None:
        answer = await house.http.get(f"{house.base}/readyz")
        return answer if answer.status_code == 200 else None

    ready = await eventually(ready_now)
    assert alive.status_code == 200
    assert ready is not None
    assert ready.json()["status"] == "ready"
    assert set(ready.json()["dependencies"]) == {"database", "broker", "order", "planning", "inventory", "notify"}


async def test_degraded_without_a_broker_and_not_ready_without_services(own_house: House) -> None:
    await own_house.running.health.set("broker", AWAY)
    degraded = await own_house.http.get(f"{own_house.base}/readyz")
    await own_house.running.health.set("broker", SERVING)
    await own_house.running.health.set("", AWAY)
    away = await own_house.http.get(f"{own_house.base}/readyz")

    assert (degraded.status_code, degraded.json()["status"]) == (200, "degraded")
    assert (away.status_code, away.json()["status"]) == (503, "unavailable")


async def test_the_front_page_and_the_docs_stand_alone(house: House) -> None:
    for path in ("/", "/docs", "/docs/assets/swagger-ui.css", "/docs/assets/swagger-ui-bundle.js"):
        answer = await house.http.get(f"{house.base}{path}")
        assert answer.status_code == 200, path
        assert "https://" not in answer.text[:2000], path
        if "assets" not in path and "frame-ancestors 'none'" not in answer.headers["content-security-policy"]:
            pytest.fail(f"{path} may be framed")
    assert (await house.http.get("/asyncapi.json")).json()["asyncapi"].startswith("3.")
    assert (await house.http.head(f"{house.base}/")).status_code == 200
    assert (await house.http.get(f"{house.base}/nowhere.js")).status_code == 404
    assert (await house.http.get(f"{house.base}/api/v1/nowhere")).json()["reason"] == "NOT_FOUND"


async def test_the_web_client_is_served_when_it_is_built(own_house: House) -> None:
    dist = own_house.gateway.settings.web_dist
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_text("<!doctype html>app")
    (dist / "assets" / "a.js").write_text("1")
    (dist.parent / "secret").write_text("no")

    page = await own_house.http.get(f"{own_house.base}/orders")
    script = await own_house.http.get(f"{own_house.base}/assets/a.js")
    outside = await own_house.http.get(f"{own_house.base}/%2e%2e/secret")

    assert (page.text, script.text) == ("<!doctype html>app", "1")
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert "immutable" in script.headers["cache-control"]
    assert outside.text != "no"
