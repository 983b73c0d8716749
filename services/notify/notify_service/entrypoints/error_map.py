"""Refusals of this service as gRPC codes; the gateway makes HTTP of them."""

from __future__ import annotations

import grpc

from notify_service.domain import errors

ERRORS: dict[type[Exception], grpc.StatusCode] = {
    errors.Invalid: grpc.StatusCode.INVALID_ARGUMENT,
    errors.ChannelNotFound: grpc.StatusCode.NOT_FOUND,
    errors.SubscriptionNotFound: grpc.StatusCode.NOT_FOUND,
    errors.NotificationNotFound: grpc.StatusCode.NOT_FOUND,
    errors.NotResendable: grpc.StatusCode.FAILED_PRECONDITION,
    errors.StillIncomplete: grpc.StatusCode.FAILED_PRECONDITION,
    errors.NotConnected: grpc.StatusCode.FAILED_PRECONDITION,
    errors.SecretsKeyMissing: grpc.StatusCode.FAILED_PRECONDITION,
}
