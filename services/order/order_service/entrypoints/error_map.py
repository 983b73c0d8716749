"""Refusals to gRPC codes: a table, nothing else."""

from __future__ import annotations

from collections.abc import Mapping

import grpc

from order_service.domain import errors

ERRORS: Mapping[type[Exception], grpc.StatusCode] = {
    errors.Invalid: grpc.StatusCode.INVALID_ARGUMENT,
    errors.NotFound: grpc.StatusCode.NOT_FOUND,
    errors.IllegalMove: grpc.StatusCode.FAILED_PRECONDITION,
    errors.Conflict: grpc.StatusCode.ALREADY_EXISTS,
    errors.Forbidden: grpc.StatusCode.PERMISSION_DENIED,
    errors.Stale: grpc.StatusCode.ABORTED,
}
