"""Probes asked as the kubelet asks them: gRPC health, HTTP, TCP, a command in the container."""

from __future__ import annotations

import socket
import time
import urllib.request
from collections.abc import Callable
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from deploy.k8s.pods import Pod
from deploy.k8s.smoke.podman import Podman
from deploy.local.layout import LocalError

PAUSE_SECONDS = 0.5


def passes(pod: Pod, probe: dict[str, Any], address: str, podman: Podman) -> bool:
    """Ask one probe of a pod's first container once."""
    ways: dict[str, Callable[[Any], bool]] = {
        "grpc": lambda how: _grpc(f"{address}:{how['port']}", how["service"]),
        "httpGet": lambda how: _http(f"http://{address}:{port_of(pod, how['port'])}{how['path']}"),
        "tcpSocket": lambda how: _tcp(address, port_of(pod, how["port"])),
        "exec": lambda how: podman.tried("exec", container_of(pod), *how["command"]).returncode == 0,
    }
    kind = next(name for name in ways if name in probe)
    try:
        return ways[kind](probe[kind])
    except (OSError, grpc.RpcError):
        return False


def wait(pod: Pod, name: str, address: str, podman: Podman) -> float:
    """Wait for a probe as long as its own thresholds allow (a minute at least); return the seconds it took."""
    probe = pod.spec["containers"][0][name]
    limit = max(60.0, probe.get("periodSeconds", 10) * probe.get("failureThreshold", 3))
    began = time.monotonic()
    while not passes(pod, probe, address, podman):
        if time.monotonic() - began > limit:
            logs = podman.tried("logs", "--tail", "15", container_of(pod))
            raise LocalError(f"{pod.name}: {name} did not pass in {limit:.0f} s\n{logs.stdout}{logs.stderr}")
        time.sleep(PAUSE_SECONDS)
    return time.monotonic() - began


def container_of(pod: Pod) -> str:
    return f"{pod.part}-{pod.spec['containers'][0]['name']}"


def port_of(pod: Pod, port: str | int) -> int:
    named = {p["name"]: int(p["containerPort"]) for p in pod.spec["containers"][0].get("ports", [])}
    return port if isinstance(port, int) else named[port]


def _grpc(target: str, service: str) -> bool:
    with grpc.insecure_channel(target) as channel:
        answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(service=service), timeout=2)
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


def _http(url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=3) as answer:
        return 200 <= int(answer.status) < 400


def _tcp(address: str, port: int) -> bool:
    with socket.create_connection((address, port), 2):
        return True
