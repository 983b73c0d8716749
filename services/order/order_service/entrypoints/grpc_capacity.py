"""The rule of near due dates over gRPC; part of CalendarService."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from orderhub.order.v1 import calendar_pb2 as pb
from orderhub.order.v1 import calendar_pb2_grpc

from chassis import page_token
from chassis.commands import Commands
from chassis.database import Database, Transaction
from order_service.adapters.calendars import Reader
from order_service.adapters.capacity_rules import CapacityRules, KeptRule, current_rule, earlier_rules, put_rule
from order_service.adapters.messages import stamp
from order_service.domain.capacity import check_rule
from order_service.entrypoints.paging import page_size

NEWEST = 2**62


@dataclass
class CapacityRuleApi(calendar_pb2_grpc.CalendarServiceServicer):
    """Which due dates planning must confirm capacity for."""

    database: Database
    commands: Commands
    rules: CapacityRules

    async def GetCapacityRule(self, request: pb.GetCapacityRuleRequest, context: Any) -> pb.GetCapacityRuleResponse:
        async with self.database.read() as reader:
            return pb.GetCapacityRuleResponse(rule=await self._with_date(reader, await current_rule(reader)))

    async def PutCapacityRule(self, request: pb.PutCapacityRuleRequest, context: Any) -> pb.PutCapacityRuleResponse:
        wanted = check_rule(request.days, request.counted or "calendar", request.reason)
        expected = request.expected_version if request.HasField("expected_version") else None

        async def work(unit: Transaction) -> pb.PutCapacityRuleResponse:
            kept = await put_rule(unit, wanted, request.reason, expected)
            return pb.PutCapacityRuleResponse(rule=await self._with_date(unit, kept))

        return await self.commands.run(request.context, pb.PutCapacityRuleResponse, work)

    async def ListCapacityRuleVersions(
        self, request: pb.ListCapacityRuleVersionsRequest, context: Any
    ) -> pb.ListCapacityRuleVersionsResponse:
        size = page_size(request.page)
        (before,) = page_token.read("capacity_rules", request.page.page_token, page_token.number, first=(NEWEST,))
        async with self.database.read() as reader:
            found = await earlier_rules(reader, before, size + 1)
        token = page_token.write("capacity_rules", found[size - 1].version) if len(found) > size else ""
        return pb.ListCapacityRuleVersionsResponse(
            versions=[rule_message(kept) for kept in found[:size]], next_page_token=token
        )

    async def _with_date(self, reader: Reader, kept: KeptRule) -> pb.CapacityRule:
        notice = await self.rules.notice_of(kept.rule, reader, self.database.clock.today())
        message = rule_message(kept)
        message.safe_from = notice.safe_from.isoformat() if notice.safe_from else ""
        return message


def rule_message(kept: KeptRule) -> pb.CapacityRule:
    """Return a version of the rule."""
    return pb.CapacityRule(
        days=kept.rule.days, counted=kept.rule.counted, version=kept.version, reason=kept.reason,
        changed_by=kept.changed_by, changed_at=stamp(kept.changed_at),
    )  # fmt: skip
