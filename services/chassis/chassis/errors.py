"""Refusals of the chassis itself, and the form in which any refusal crosses gRPC (google.rpc.Status, AIP-193)."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc import error_details_pb2, status_pb2

DOMAIN = "orderhub"
DETAILS_KEY = "grpc-status-details-bin"
FIELDS_BYTES = 24 * 1024  # details travel as base64 within the 64 KiB of metadata
TORN_CODES = (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN)


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One field that can't be accepted: dotted path, stable reason, the numbers behind it."""

    field: str
    reason: str
    params: Mapping[str, str] = dataclasses.field(default_factory=dict)


class ChassisRefusal(Exception):
    """A refusal the chassis makes; services have their own of the same shape."""

    code = grpc.StatusCode.INVALID_ARGUMENT
    reason = "REFUSED"

    def __init__(self, **params: str) -> None:
        super().__init__(self.reason, params)
        self.params = params
        self.fields: tuple[FieldProblem, ...] = ()


class KeyReused(ChassisRefusal):
    """The same idempotency key came with another body (contract 2: 422)."""

    reason = "IDEMPOTENCY_KEY_REUSED"


class KeyBusy(ChassisRefusal):
    """The first request of this key still runs at the deadline (contract 2: 409)."""

    code = grpc.StatusCode.ALREADY_EXISTS
    reason = "IDEMPOTENCY_IN_PROGRESS"


class Forbidden(ChassisRefusal):
    """The principal may not do this."""

    code = grpc.StatusCode.PERMISSION_DENIED
    reason = "FORBIDDEN"


class Remote(Exception):
    """Another service refused or could not answer; carries what it said."""

    def __init__(
        self, code: grpc.StatusCode, reason: str, params: Mapping[str, str], fields: Sequence[FieldProblem]
    ) -> None:
        super().__init__(code.name, reason, dict(params))
        self.code = code
        self.reason = reason
        self.params = dict(params)
        self.fields = tuple(fields)

    @property
    def unavailable(self) -> bool:
        """True when trying again later may work."""
        return self.code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)


def text_params(params: Mapping[str, Any]) -> dict[str, str]:
    """Return params as texts; lists are joined by commas."""
    return {
        k: ",".join(map(str, v)) if isinstance(v, list | tuple | set | frozenset) else str(v) for k, v in params.items()
    }


def to_status(code: grpc.StatusCode, error: Any) -> status_pb2.Status:
    """Build the rich status of a refusal that has `reason`, `params` and `fields`, as many as a call can carry."""
    status = status_pb2.Status(code=code.value[0], message=error.reason)
    info = error_details_pb2.ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=text_params(error.params))
    status.details.append(_packed(info))
    fields = getattr(error, "fields", ())
    if fields:
        bad = error_details_pb2.BadRequest()
        for problem in fields:
            words = json.dumps(text_params(problem.params))
            bad.field_violations.add(field=problem.field, reason=problem.reason, description=words)
            if bad.ByteSize() > FIELDS_BYTES:
                del bad.field_violations[-1]
                break
        status.details.append(_packed(bad))
    return status


def _packed(message: Any) -> AnyMessage:
    packed = AnyMessage()
    packed.Pack(message)
    return packed


def is_torn(error: grpc.aio.AioRpcError) -> bool:
    """True when the transport broke in the middle: INTERNAL or UNKNOWN without the words every front of ours sends."""
    return error.code() in TORN_CODES and DETAILS_KEY not in dict(error.trailing_metadata() or ())


def from_rpc_error(error: grpc.aio.AioRpcError) -> Remote:
    """Read a failed call; without rich details the reason is the code's name, and a torn stream is an absent service."""
    if is_torn(error):
        return Remote(grpc.StatusCode.UNAVAILABLE, "SERVICE_UNAVAILABLE", {}, ())
    raw = dict(error.trailing_metadata() or ()).get(DETAILS_KEY)
    info, bad = error_details_pb2.ErrorInfo(reason=error.code().name), error_details_pb2.BadRequest()
    if isinstance(raw, bytes):
        for detail in status_pb2.Status.FromString(raw).details:
            _ = detail.Unpack(info) or detail.Unpack(bad)
    fields = [FieldProblem(v.field, v.reason, json.loads(v.description or "{}")) for v in bad.field_violations]
    return Remote(error.code(), info.reason, info.metadata, fields)
