"""Every event has a sample that is its message and a CloudEvent; the published description follows."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from google.protobuf import message_factory
from google.protobuf.json_format import ParseDict

from chassis.events import data_of, decode

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = sorted((ROOT / "protos/samples").glob("*.json"))
SUBJECTS = {
    "order": r"orders/SO\d{8}-\d{4,}|customers/[0-9a-f-]{36}",
    "planning": r"production-orders/PO\d{8}-\d{4,}|orders/SO\d{8}-\d{4,}|(items|boms|routings)/[\w-]+",
    "inventory": r"(production-orders/PO|orders/SO|receipts/GR|shipments/SH|returns/RT|expected-receipts/ER)\d{8}-\d{4,}|items/[\w-]+",
    "notify": r"notifications/[0-9a-f-]{36}",
}
TOLD = {  # contract.md section 5
    "order": "CustomerChanged OrderSubmitted CapacityConfirmationRequested CapacityConfirmed OrderConfirmed OrderChanged "
    "OrderCancelled OrderHeld OrderResumed DuplicateSuspected OrderPartlyShipped OrderFullyShipped OrderSigned "
    "InvoiceTaskOpened InvoiceRecorded",
    "planning": "ItemChanged BomChanged RoutingChanged OrderPlanned ProductionOrderCreated ProductionOrderDispatched "
    "OperationStarted OperationFinished InspectionRequested InspectionRecorded ProductionOrderCompleted "
    "ProductionOrderCancelled ShortageRaised ShortageCleared",
    "inventory": "ComponentsReserved ComponentsShort ReservationReleased ComponentsIssued GoodsReceived GoodsShipped "
    "ShipmentChanged GoodsReturned StockAdjusted ExpectedReceiptChanged",
    "notify": "NotificationSent NotificationExhausted",
}


def service_of(path: Path) -> str:
    return path.stem.split(".")[1]


def read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text("utf-8")))


def test_every_promised_event_has_a_sample() -> None:
    promised = {f"orderhub.{service}.v1.{name}" for service, names in TOLD.items() for name in names.split()}

    assert promised <= {path.stem for path in SAMPLES}


def test_every_event_there_is_has_a_sample() -> None:
    told = set()
    for service in TOLD:
        messages = importlib.import_module(
            f"orderhub.{service}.v1.events_pb2"
        ).DESCRIPTOR.message_types_by_name.values()
        inner = {field.message_type.name for one in messages for field in one.fields if field.message_type is not None}
        told |= {one.full_name for one in messages if one.name not in inner}

    assert {path.stem for path in SAMPLES} == told


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_is_its_message_whole_and_exact(path: Path) -> None:
    sample = read(path)
    module = importlib.import_module(f"orderhub.{service_of(path)}.v1.events_pb2")
    kind = message_factory.GetMessageClass(module.DESCRIPTOR.message_types_by_name[path.stem.rsplit(".", 1)[1]])

    message = ParseDict(sample["data"], kind())  # an unknown field would raise

    assert data_of(message) == sample["data"]
    assert set(sample["data"]) == {field.name for field in kind.DESCRIPTOR.fields}


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_is_a_cloud_event_and_reads_as_ours(path: Path) -> None:
    body = path.read_bytes()

    event = JSONFormat().read(CloudEvent, body)
    ours = decode(body)

    assert event.get_type() == path.stem == ours.type
    assert event.get_source() == f"/orderhub/{service_of(path)}" == ours.source
    assert event.get_datacontenttype() == "application/json"
    assert re.fullmatch(SUBJECTS[service_of(path)], ours.subject)
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", ours.traceparent)
    assert ours.sequence > 0


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_numbers_people_see_are_named_and_quantities_carry_their_unit(path: Path) -> None:
    data = read(path)["data"]

    for part in (data, *(line for value in data.values() if isinstance(value, list) for line in value)):
        if isinstance(part, dict) and any(name.endswith("quantity") or name == "short" for name in part):
            assert part.get("unit"), part
    if path.stem.split(".")[1] != "order":
        assert "production_order" not in data
        assert "order" not in data


def test_the_published_description_is_up_to_date() -> None:
    result = subprocess.run(
        [sys.executable, "protos/document.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert result.returncode == 0, result.stderr


def test_the_asyncapi_document_names_every_event() -> None:
    document = json.loads((ROOT / "services/gateway/gateway_service/asyncapi.json").read_text("utf-8"))

    assert document["asyncapi"].startswith("3.")
    assert {channel["address"] for channel in document["channels"].values()} == {path.stem for path in SAMPLES}


def test_the_screens_name_every_event_in_words() -> None:
    words = (ROOT / "services/gateway/web/src/strings.zh.ts").read_text()
    named = set(re.findall(r"(\w+): \"", words[words.index("  events: {") :].split("},", 1)[0].split("\n  }", 1)[0]))

    assert {path.stem.split(".")[-1] for path in SAMPLES} - named == set()
