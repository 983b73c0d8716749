"""Settings every service reads: environment variables with the prefix ORDERHUB_, or files of a mounted secrets folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What a service needs to start. Each process gets an environment of its own, so names carry no service."""

    model_config = SettingsConfigDict(
        env_prefix="ORDERHUB_",
        secrets_dir=os.environ.get("ORDERHUB_SECRETS_DIR"),
        extra="ignore",
    )

    database_url: SecretStr
    migration_url: SecretStr | None = None
    amqp_url: SecretStr
    grpc_bind: str = "127.0.0.1:0"
    grpc_tls_dir: Path | None = None  # ca.crt, tls.crt, tls.key of this process: mutual TLS on every gRPC port
    grpc_health_bind: str | None = None  # health alone, in plain text, for probes that hold no certificate
    metrics_bind: str = "127.0.0.1"
    metrics_port: int = 0
    order_target: str = "127.0.0.1:50051"
    planning_target: str = "127.0.0.1:50052"
    inventory_target: str = "127.0.0.1:50053"
    notify_target: str = "127.0.0.1:50054"
    signing_key: SecretStr
    audit_key: SecretStr | None = None  # of the audit log's seals; without one, made from the signing key
    audit_export_dir: Path | None = None  # where each day's last seal is written: outside the database's host
    trusted_keys: str
    profile: Literal["production", "demo", "test"] = "production"
    factory_zone: str = "Asia/Shanghai"
    log_level: str = "INFO"
    log_format: Literal["json", "console"] = "json"
    otlp_endpoint: str | None = None
    database_pool: int = 8
