"""Planning's refusals to gRPC codes; the gateway makes HTTP and Chinese of them."""

from __future__ import annotations

import grpc

from planning_service.domain import errors

ERRORS: dict[type[Exception], grpc.StatusCode] = {
    errors.PlanningRefusal: grpc.StatusCode.INVALID_ARGUMENT,
    errors.Invalid: grpc.StatusCode.INVALID_ARGUMENT,
    errors.BomCycle: grpc.StatusCode.INVALID_ARGUMENT,
    errors.NotFound: grpc.StatusCode.NOT_FOUND,
    errors.NoBom: grpc.StatusCode.NOT_FOUND,
    errors.NoEffectiveBom: grpc.StatusCode.NOT_FOUND,
    errors.UnknownItem: grpc.StatusCode.NOT_FOUND,
    errors.NotYourWorkCenter: grpc.StatusCode.PERMISSION_DENIED,
    errors.IllegalMove: grpc.StatusCode.FAILED_PRECONDITION,
    errors.OrderNotPlannable: grpc.StatusCode.FAILED_PRECONDITION,
    errors.Stale: grpc.StatusCode.ABORTED,
}
