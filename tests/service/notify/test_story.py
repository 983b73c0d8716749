"""What people get to read when one order walks through the house."""

from __future__ import annotations

from orderhub.order.v1 import events_pb2 as order
from orderhub.planning.v1 import events_pb2 as planning

from tests.service.notify.conftest import World
from tests.service.notify.messages import NUMBER, capacity, fully_shipped, shortage, submitted


async def test_the_order_group_reads_number_customer_urgency_and_owner(world: World) -> None:
    await world.tell(submitted())

    await world.deliver()

    assert world.sink.texts("order_group") == [
        f"新订单 {NUMBER}，客户：苏州启明，紧急等级：黄，销售负责人：李雷，交期：2026-02-16"
    ]


async def test_a_missing_sales_owner_reads_unassigned_and_phones_are_hidden(world: World) -> None:
    await world.tell(submitted(sales_owner="", customer_name="王五 13812345678"))

    await world.deliver()

    [text] = world.sink.texts("order_group")
    assert "销售负责人：未分配" in text
    assert "138****5678" in text


async def test_the_planning_supervisor_gets_one_copy_however_often_it_is_asked(world: World) -> None:
    await world.tell(capacity(), capacity(), capacity(due_date="2026-02-15"))

    await world.deliver()

    texts = world.sink.texts("planning_supervisor")
    assert len(texts) == 2
    assert all(text.startswith("该交期需确认产能") for text in texts)


async def test_a_shortage_reads_as_the_contract_says(world: World) -> None:
    await world.tell(shortage())

    await world.deliver()

    [text] = world.sink.texts("planner")
    assert text.startswith("缺料预警：铜线差5m")


async def test_the_customer_reads_every_tracking_number_and_nothing_else(world: World) -> None:
    await world.tell(fully_shipped(NUMBER, "SF1", "SF2"))

    await world.deliver()

    assert world.sink.texts("customer") == [f"贵司订单{NUMBER}已全部发出，物流单号SF1、SF2"]
    assert world.sink.got[0]["path"] == "/wechat_mp/customer"
    assert world.sink.got[0]["body"]["touser"] == "c1"


async def test_without_tracking_number_the_customer_message_is_held_not_sent_blank(world: World) -> None:
    await world.tell(fully_shipped(NUMBER))

    await world.deliver()

    [held] = await world.log(order=NUMBER)
    assert (held.state, held.reason, held.last_error) == ("held", "TEMPLATE_VARIABLE_MISSING", "tracking_numbers")
    assert world.sink.got == []


async def test_floor_quality_and_finance_hear_what_is_theirs(world: World) -> None:
    lines = [order.EventLine(line_no=1, item_name="A电机", quantity="2", unit="台")]
    await world.tell(
        planning.ProductionOrderDispatched(
            order_number=NUMBER, production_order_number="PO1", team="一班", item_name="A电机", quantity="2", unit="台",
            first_operation="绕线",
        ),
        planning.OperationFinished(
            order_number=NUMBER, production_order_number="PO1", operation_name="绕线", good_quantity="2", unit="台",
            next_operation="装配", next_work_center="装配线",
        ),
        planning.OperationFinished(
            order_number=NUMBER, production_order_number="PO1", operation_name="装配", good_quantity="2", unit="台", last=True
        ),
        planning.InspectionRequested(
            order_number=NUMBER, production_order_number="PO1", item_name="A电机", quantity="2", unit="台"
        ),
        order.InvoiceTaskOpened(order_number=NUMBER, invoice_task_id="i", customer_name="苏州启明", lines=lines),
    )  # fmt: skip

    await world.deliver()

    assert len(world.sink.texts("floor")) == 2
    assert "请接下一工序「装配」" in world.sink.texts("floor")[1]
    assert len(world.sink.texts("quality")) == 1
    assert "A电机×2台" in world.sink.texts("finance")[0]


async def test_both_sales_owners_hear_of_a_suspected_duplicate(world: World) -> None:
    twin = order.DuplicateSuspected(
        order_number="SO2",
        twin_order_number="SO1",
        customer_name="苏州启明",
        sales_owner="李雷",
        twin_sales_owner="韩梅",
    )
    await world.tell(twin)

    await world.deliver()

    assert [entry.recipient for entry in await world.log()] == ["李雷", "韩梅"]
    assert len(world.sink.texts("sales")) == 2


async def test_a_message_carries_the_trace_of_its_order(world: World) -> None:
    [event] = await world.tell(submitted())

    await world.deliver()

    assert world.sink.got[0]["headers"]["traceparent"].split("-")[1] == event.traceparent.split("-")[1]


async def test_a_red_order_reaches_the_planner_and_raising_to_red_the_affected_team_as_well(house: World) -> None:
    raised = order.OrderChanged(order_number=NUMBER, customer_name="苏州启明", urgency="red", changed=["urgency"])
    affected = planning.ProductionOrderChanged(
        order_number=NUMBER, production_order_number="PO1", team="一班", kind="urgency", before="yellow", after="red",
        item_name="A电机",
    )  # fmt: skip
    await house.tell(submitted("SO-RED", urgency="red"), submitted(), raised, affected)

    await house.deliver()

    planner, floor = house.sink.texts("planner"), house.sink.texts("floor")
    assert [text.partition(" ")[0] for text in planner] == ["红色急单", "订单"]
    assert f"订单 {NUMBER} 已升为红色急单" in planner[1]
    assert any(f"订单 {NUMBER} 已升为红色急单" in text for text in floor)
    assert any("PO1 的紧急等级由「黄」改为「红」" in text for text in floor)
    assert "一班" in {entry.recipient for entry in await house.log() if entry.subscription == "floor_changed"}
    leaders = [entry for entry in await house.log() if entry.recipient == "team_leader" and entry.channel == "mailbox"]
    assert {entry.subscription for entry in leaders} == {"todo_rush_raised", "todo_floor_changed"}


async def test_a_dispatch_says_how_urgent_it_is(world: World) -> None:
    await world.tell(
        planning.ProductionOrderDispatched(
            order_number=NUMBER, production_order_number="PO1", team="一班", urgency="red"
        )
    )

    await world.deliver()

    assert "紧急等级：红" in world.sink.texts("floor")[0]


async def test_no_group_reads_a_phone_number_or_a_price(house: World) -> None:
    phone = "13812345678"
    await house.tell(
        submitted("SO1", customer_name=f"王五{phone}"),
        order.OrderHeld(order_number="SO2", reason=f"等 {phone} 回电"),
        order.OrderCancelled(order_number="SO3", reason=f"改打{phone}", customer_name=phone),
        order.DuplicateSuspected(order_number="SO4", twin_order_number="SO1", customer_name=phone, sales_owner=phone),
    )

    await house.deliver()

    said = "\n".join(house.sink.texts())
    assert "138****5678" in said
    assert phone not in said
