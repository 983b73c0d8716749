"""Asks one part how it is, in its own language, and never waits long."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from deploy.local import ports
from deploy.local.fleet import Part
from deploy.local.plan import Plan

TIMEOUT_S = 1.5


def healthy(part: Part, plan: Plan) -> bool:
    """Say whether a part answers as it should, within TIMEOUT_S."""
    if part.name == "postgres":
        return plan.postgres.ready()
    if part.name == "rabbitmq":
        return plan.rabbitmq.ready()
    if part.health == "grpc":
        return serving(part.address, tls=tls_of(part)) if has_grpc() else ports.answers(part.port)
    return fetched(part.health_url)[0] == 200


def has_grpc() -> bool:
    """Say whether the environment is whole; the doctor also runs with a bare Python."""
    return find_spec("grpc_health") is not None


def tls_of(part: Part) -> Path | None:
    """Return the certificate folder a part was given; with it we ask in the part's own name."""
    folder = part.env.get("ORDERHUB_GRPC_TLS_DIR")
    return Path(folder) if folder else None


def serving(address: str, service: str = "", *, tls: Path | None = None) -> bool:
    """Ask the standard gRPC health service; `service` may be "", "database" or "broker"."""
    import grpc
    from grpc_health.v1 import health_pb2, health_pb2_grpc

    with _channel(address, tls) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        try:
            answer = stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=TIMEOUT_S)
        except grpc.RpcError:
            return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


def _channel(address: str, tls: Path | None) -> Any:
    import grpc

    if tls is None:
        return grpc.insecure_channel(address)
    ca, chain, key = ((tls / name).read_bytes() for name in ("ca.crt", "tls.crt", "tls.key"))
    options = [("grpc.ssl_target_name_override", tls.name)]
    return grpc.secure_channel(address, grpc.ssl_channel_credentials(ca, key, chain), options)


def fetched(url: str) -> tuple[int, dict[str, Any]]:
    """Return status and JSON answer of a local page; (0, {}) when nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:  # noqa: S310  our own loopback address
            return answer.status, _json(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, _json(error.read())
    except OSError:
        return 0, {}


def _json(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
