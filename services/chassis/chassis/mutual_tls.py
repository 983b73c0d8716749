"""Mutual TLS between services, as a setting: both sides show a certificate of the internal CA that names the service."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc

CA, CHAIN, KEY = "ca.crt", "tls.crt", "tls.key"  # the names a mounted certificate secret has


@dataclass(frozen=True, slots=True)
class Identity:
    """PEM texts: the internal CA, this process's certificate, and its key."""

    ca: bytes
    chain: bytes
    key: bytes


def load(folder: Path | None) -> Identity | None:
    """Return what lies in ORDERHUB_GRPC_TLS_DIR; None without one. Raise OSError when a file is missing: never plain text."""
    if folder is None:
        return None
    return Identity(*((folder / name).read_bytes() for name in (CA, CHAIN, KEY)))


def listen(server: grpc.aio.Server, address: str, identity: Identity | None) -> int:
    """Bind the server, demanding a client certificate where there is an identity; return the port."""
    if identity is None:
        return server.add_insecure_port(address)
    credentials = grpc.ssl_server_credentials(
        [(identity.key, identity.chain)], root_certificates=identity.ca, require_client_auth=True
    )
    return server.add_secure_port(address, credentials)


def channel(target: str, audience: str, identity: Identity | None, options: list[tuple[str, Any]]) -> grpc.aio.Channel:
    """Open a channel to `target`, which must show the certificate of `audience`."""
    if identity is None:
        return grpc.aio.insecure_channel(target, options=options)
    credentials = grpc.ssl_channel_credentials(identity.ca, identity.key, identity.chain)
    named = [*options, ("grpc.ssl_target_name_override", audience)]
    return grpc.aio.secure_channel(target, credentials, options=named)


def caller_names(context: Any) -> frozenset[str]:
    """Return the service names in the certificate the caller showed; none over plain text."""
    names = context.auth_context().get("x509_subject_alternative_name", ())
    return frozenset(name.decode(errors="replace") for name in names)
