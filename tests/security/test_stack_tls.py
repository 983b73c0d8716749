"""31: with ORDERHUB_TLS=1 and ORDERHUB_MTLS=1 an order walks from intake to its plan, and no byte of it goes unencrypted."""

from __future__ import annotations

import json
import os
import shlex
import ssl
import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aio_pika
import asyncpg
import pytest

from deploy.local import cert
from deploy.local.keys import SERVICES
from tests.e2e.client import Api
from tests.e2e.factory import build
from tests.e2e.stack import ROOT, Stack, down, up

pytestmark = [
    pytest.mark.skipif(not os.environ.get("ORDERHUB_PROOF"), reason="part of make proof"),
    pytest.mark.timeout(300),
]
REFUSED = (OSError, ssl.SSLError, aio_pika.exceptions.AMQPError)


@pytest.fixture(scope="module")
def encrypted() -> Iterator[Stack]:
    started = up(ORDERHUB_TLS="1", ORDERHUB_MTLS="1")
    yield started
    down(started)


@pytest.fixture
def other_ca(tmp_path: Path) -> Path:
    cert.authority(tmp_path)
    return tmp_path / "ca.crt"


def superuser(stack: Stack) -> str:
    """Return the superuser's URL; its query demands the proof the services demand."""
    word = json.loads((stack.home / "secrets.json").read_text())["superuser"]
    place, _, rest = stack.facts["postgres"]["order"].rsplit("@", 1)[1].partition("/")
    return f"postgresql://postgres:{word}@{place}/postgres?{rest.partition('?')[2]}"


def bare(url: str) -> str:
    return url.partition("?")[0]


async def test_an_order_walks_through(encrypted: Stack) -> None:
    api = await Api(encrypted.gateway_url).sign_in(encrypted.username("admin"), encrypted.password("admin"))
    factory = await build(api)
    order = {
        "customer_id": factory.customer_id, "channel": "api", "source_ref": uuid.uuid4().hex,
        "due_date": str(encrypted.today + timedelta(days=20)),
        "lines": [{"item_code": factory.motor, "quantity": "1"}],
    }  # fmt: skip

    number = (await api.post("/orders", order, expect=201))["number"]
    await api.post(f"/orders/{number}:confirm")
    plan = await api.post(f"/orders/{number}:plan")

    assert plan["production_orders"]
    await api.until(f"/orders/{number}", lambda found: found["state"] == "planned", within=30)
    await api.until(
        f"/production-orders?order={number}",
        lambda page: any(c["reserved"] != "0" for job in page["items"] for c in job["components"]),
        within=30,
    )
    await api.close()


async def test_every_session_of_every_service_is_encrypted(encrypted: Stack) -> None:
    connection = await asyncpg.connect(superuser(encrypted))
    found = await connection.fetch(
        "SELECT usename, ssl, version FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)"
        " WHERE client_addr IS NOT NULL AND backend_type = 'client backend'"
    )
    await connection.close()

    assert {f"orderhub_{name}" for name in SERVICES} <= {row["usename"] for row in found}
    assert {(row["ssl"], row["version"]) for row in found} == {(True, "TLSv1.3")}


def test_every_connection_to_the_broker_is_encrypted(encrypted: Stack) -> None:
    control = shlex.split(encrypted.facts["infra"]["rabbitmq"]["control"])
    listed = subprocess.run(
        [*control, "-q", "--no-table-headers", "list_connections", "user", "ssl", "ssl_protocol"],
        capture_output=True, text=True, check=True, timeout=60,
    ).stdout.split("\n")  # fmt: skip
    found = [line.split() for line in listed if line.strip()]

    assert set(SERVICES) <= {user for user, *_ in found}
    assert {(secure, version) for _, secure, version in found} == {("true", "tlsv1.3")}


@pytest.mark.parametrize("service", SERVICES)
async def test_postgres_refuses_plain_text(encrypted: Stack, service: str) -> None:
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError, match="no encryption"):
        await asyncpg.connect(f"{bare(encrypted.facts['postgres'][service])}?sslmode=disable")


async def test_the_broker_refuses_plain_text(encrypted: Stack) -> None:
    with pytest.raises(REFUSED):
        await aio_pika.connect(bare(encrypted.amqp_url).replace("amqps://", "amqp://"), timeout=10)


async def test_a_server_that_cannot_prove_itself_is_not_spoken_to(encrypted: Stack, other_ca: Path) -> None:
    database, broker = bare(encrypted.facts["postgres"]["order"]), bare(encrypted.amqp_url)

    with pytest.raises(ssl.SSLCertVerificationError):
        await asyncpg.connect(f"{database}?sslmode=verify-full&sslrootcert={other_ca}")
    with pytest.raises(REFUSED, match="CERTIFICATE_VERIFY_FAILED"):
        await aio_pika.connect(f"{broker}?cafile={other_ca}", timeout=10)


async def test_a_server_under_another_name_is_not_spoken_to(encrypted: Stack) -> None:
    """Its certificate is for the address the services use, and for no other."""
    database, broker = encrypted.facts["postgres"]["order"], encrypted.amqp_url

    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        await asyncpg.connect(database.replace("@127.0.0.1:", "@localhost:"))
    with pytest.raises(REFUSED, match="CERTIFICATE_VERIFY_FAILED"):
        await aio_pika.connect(broker.replace("@127.0.0.1:", "@localhost:"), timeout=10)


def test_a_migration_tells_an_unproved_server_nothing(encrypted: Stack, other_ca: Path) -> None:
    done = migrated(encrypted, f"sslmode=verify-full&sslrootcert={other_ca}")

    assert done.returncode != 0
    assert "CERTIFICATE_VERIFY_FAILED" in done.stdout + done.stderr


def test_a_migration_goes_through_to_a_server_that_proved_itself(encrypted: Stack) -> None:
    assert migrated(encrypted, urlsplit(encrypted.facts["postgres"]["order"]).query).returncode == 0


def migrated(stack: Stack, query: str) -> subprocess.CompletedProcess[str]:
    """Run the order service's migration over an address with this query."""
    word = json.loads((stack.home / "secrets.json").read_text())["owners"]["order"]
    place = bare(stack.facts["postgres"]["order"]).rsplit("@", 1)[1]
    environment: dict[str, Any] = dict(line.split("=", 1) for line in running(stack.pid("order")))
    owner = f"postgresql+asyncpg://orderhub_order_owner:{word}@{place}?{query}"
    return subprocess.run(
        [sys.executable, "-m", "order_service", "migrate"], cwd=ROOT, text=True, capture_output=True, timeout=60,
        env=environment | {"ORDERHUB_MIGRATION_URL": owner}, check=False,
    )  # fmt: skip


def running(pid: int) -> list[str]:
    """Return the environment a process was started with."""
    return [entry for entry in Path(f"/proc/{pid}/environ").read_text().split("\0") if "=" in entry]
