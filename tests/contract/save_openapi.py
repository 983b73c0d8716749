"""Saves the published contract where the web client's types are made from it: python -m tests.contract.save_openapi."""

from __future__ import annotations

import asyncio
import json
import subprocess
from pathlib import Path
from typing import Any

from gateway_service import app, openapi
from gateway_service.wiring import Settings, build
from tests.support import trust

WEB = Path(__file__).resolve().parents[2] / "services/gateway/web"


async def described() -> dict[str, Any]:
    """Return the contract of a gateway that reaches nobody."""
    settings = Settings(
        database_url="postgresql+asyncpg://nobody@127.0.0.1:1/none", amqp_url="amqp://nobody@127.0.0.1:1/none",
        signing_key=trust.keys()["gateway"], trusted_keys=trust.trusted(), profile="test",
    )  # fmt: skip
    gateway = build(settings)
    document = openapi.describe(app.make(gateway))
    await gateway.close()
    return document


if __name__ == "__main__":
    document = asyncio.run(described())
    (WEB / "openapi.json").write_text(json.dumps(document, ensure_ascii=False, sort_keys=True, indent=1) + "\n")
    subprocess.run(["npm", "run", "--silent", "api"], cwd=WEB, check=True)
