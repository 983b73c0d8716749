"""How refusals leave: status codes by kind; reason, params and fields travel with them."""

from __future__ import annotations

import grpc

from inventory_service.domain.errors import Conflict, Forbidden, IllegalMove, Invalid, NotFound, Stale

ERRORS: dict[type[Exception], grpc.StatusCode] = {
    Invalid: grpc.StatusCode.INVALID_ARGUMENT,
    NotFound: grpc.StatusCode.NOT_FOUND,
    IllegalMove: grpc.StatusCode.FAILED_PRECONDITION,
    Forbidden: grpc.StatusCode.PERMISSION_DENIED,
    Stale: grpc.StatusCode.ABORTED,
    Conflict: grpc.StatusCode.ALREADY_EXISTS,
}
