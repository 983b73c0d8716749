"""Bills in bulk and in history: import, comparison of versions, the units there are."""

from __future__ import annotations

import asyncio
from typing import Any

from orderhub.planning.v1 import master_pb2 as pb

from chassis.database import Transaction
from planning_service.adapters import master_views
from planning_service.adapters.master_store import MasterStore
from planning_service.adapters.messages import Messages
from planning_service.adapters.sheet_process import rows_apart
from planning_service.app.import_boms import import_boms
from planning_service.domain.bom_diff import differences
from planning_service.domain.bom_sheet import SheetReading
from planning_service.domain.errors import NotFound
from planning_service.entrypoints.master_desk import MasterDesk


class DryRun(Exception):
    """Ends a transaction whose effect was only wanted for its verdicts."""

    def __init__(self, reading: SheetReading) -> None:
        super().__init__()
        self.reading = reading


class Bills(MasterDesk):
    """What is done with many bills or versions at once."""

    async def ImportBoms(self, request: pb.ImportBomsRequest, context: Any) -> pb.ImportBomsResponse:
        """Read a sheet and keep its bills; a dry run keeps nothing and gives the same verdicts."""
        rows = await asyncio.to_thread(rows_apart, request.content)

        async def work(unit: Transaction) -> pb.ImportBomsResponse:
            reading = await import_boms(rows, MasterStore(unit, self.cache), Messages(unit))
            if request.dry_run:
                raise DryRun(reading)
            return _answer(reading)

        try:
            return await self.commands.run(request.context, pb.ImportBomsResponse, work)
        except DryRun as tried:
            return _answer(tried.reading)

    async def GetBomDiff(self, request: pb.GetBomDiffRequest, context: Any) -> pb.GetBomDiffResponse:
        """Compare two versions of a bill, whether they are still in force or not."""
        catalogue = await self.catalogue()
        code = catalogue.bom(catalogue.resolve(request.item_code)).item_code
        async with self.database.read() as reader:
            found = await master_views.versions(reader, code, (request.from_version, request.to_version))
        for wanted in (request.from_version, request.to_version):
            if wanted not in found:
                raise NotFound(kind="bom_version", key=f"{request.item_code[:64]}/{wanted}")
        return pb.GetBomDiffResponse(
            item_code=code,
            from_version=request.from_version,
            to_version=request.to_version,
            differences=[
                pb.BomDifference(
                    kind=d.kind,
                    component=d.component,
                    position=d.position,
                    field=d.field,
                    before=d.before,
                    after=d.after,
                )
                for d in differences(found[request.from_version], found[request.to_version])
            ],
        )

    async def ListUnits(self, request: pb.ListUnitsRequest, context: Any) -> pb.ListUnitsResponse:
        """Return every unit people may write."""
        units = (await self.catalogue()).units
        found = [(code, units.is_whole(code), units.dimension(code) or "") for code in units.codes()]
        return pb.ListUnitsResponse(
            units=[pb.Unit(code=code, whole_units=whole, dimension=dimension) for code, whole, dimension in found]
        )


def _answer(reading: SheetReading) -> pb.ImportBomsResponse:
    rejected = sum(1 for verdict in reading.verdicts if verdict.reason)
    return pb.ImportBomsResponse(
        row_count=len(reading.verdicts),
        accepted_count=len(reading.verdicts) - rejected,
        rejected_count=rejected,
        verdicts=[
            pb.ImportVerdict(
                row=v.row,
                item_code=v.item_code,
                component=v.component,
                result="rejected" if v.reason else "accepted",
                reason=v.reason or "",
                params=dict(v.params),
            )
            for v in reading.verdicts
        ],
        kept_items=sorted(reading.bills),
    )
