"""With ORDERHUB_TLS=1 every address demands the server's proof, and the servers are told to take nothing else."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509

from deploy.local import cert, databases, fleet, keys, plan, server_tls
from deploy.local.keys import Secrets
from deploy.local.plan import Plan


@pytest.fixture(scope="module")
def secrets() -> Secrets:
    return keys.made()


@pytest.fixture
def wanted(secrets: Secrets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    monkeypatch.setenv("ORDERHUB_TLS", "1")
    return Plan(ports=plan.WANTED, secrets=secrets, run=tmp_path)


def query(url: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(url).query)


def test_every_service_is_given_addresses_that_demand_a_proof(wanted: Plan) -> None:
    ca = str(wanted.run / "tls" / "ca.crt")

    for name in keys.SERVICES:
        env = fleet.migration_env(name, wanted)
        for variable in ("ORDERHUB_DATABASE_URL", "ORDERHUB_MIGRATION_URL"):
            assert query(env[variable]) == {"sslmode": ["verify-full"], "sslrootcert": [ca]}
        assert urlsplit(env["ORDERHUB_AMQP_URL"]).scheme == "amqps"
        assert query(env["ORDERHUB_AMQP_URL"]) == {"cafile": [ca]}


def test_without_it_nothing_changes(secrets: Secrets, tmp_path: Path) -> None:
    plain = Plan(ports=plan.WANTED, secrets=secrets, run=tmp_path)

    assert plain.admin_dsn.endswith("/postgres")
    assert plain.amqp("order").startswith("amqp://order:")
    assert not any("ssl" in word for word in plain.postgres.command())


def test_switching_it_on_restarts_both_servers(
    secrets: Secrets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    same = Plan(ports=plan.WANTED, secrets=secrets, run=tmp_path)
    before = {name: fleet.part(name, same).fingerprint() for name in ("postgres", "rabbitmq")}
    monkeypatch.setenv("ORDERHUB_TLS", "1")

    assert all(fleet.part(name, same).fingerprint() != mark for name, mark in before.items())


def test_the_broker_has_no_plain_door(wanted: Plan) -> None:
    wanted.rabbitmq.create({})
    written = (wanted.rabbitmq.home / "rabbitmq.conf").read_text()

    assert "listeners.tcp = none\n" in written
    assert "listeners.tcp.default" not in written
    assert f"listeners.ssl.default = 127.0.0.1:{wanted.rabbitmq.port}\n" in written


def test_postgres_lets_nobody_in_over_the_network_without_tls(wanted: Plan) -> None:
    doors = [line.split() for line in server_tls.ONLY_TLS.splitlines()]

    assert {kind for kind, *_ in doors} == {"local", "hostssl"}
    assert {door[-1] for door in doors} == {"scram-sha-256"}
    assert any(word.startswith("--hba_file=") for word in wanted.postgres.command())


def test_a_certificate_is_kept_until_it_ends_soon_and_only_its_server_reads_the_key(
    wanted: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ca, server = tmp_path / "tls" / "ca.crt", tmp_path / "server"

    def provided() -> int:
        server_tls.provide(ca, server, None)
        made = x509.load_pem_x509_certificate((server / "server.crt").read_bytes())
        made.verify_directly_issued_by(x509.load_pem_x509_certificate(ca.read_bytes()))
        return made.serial_number

    first = provided()
    assert provided() == first
    monkeypatch.setattr(server_tls, "RENEW_DAYS", cert.LEAF_DAYS + 1)
    assert provided() != first
    assert (server / "server.key").stat().st_mode & 0o077 == 0
    assert ca.parent.stat().st_mode & 0o077 == 0


def test_another_ca_means_another_certificate(tmp_path: Path) -> None:
    server = tmp_path / "server"
    server_tls.provide(tmp_path / "one" / "ca.crt", server, None)
    server_tls.provide(tmp_path / "two" / "ca.crt", server, None)

    assert (server / "ca.crt").read_bytes() == (tmp_path / "two" / "ca.crt").read_bytes()


def test_an_outside_servers_demands_are_passed_on(secrets: Secrets) -> None:
    outside = "postgresql://boss:word@db.example:5432/postgres?sslmode=verify-full&sslrootcert=%2Fetc%2Fca.crt"

    made = databases.dsn(outside, "order", secrets, driver="postgresql+asyncpg")

    assert made.endswith("@db.example:5432/orderhub_order?sslmode=verify-full&sslrootcert=%2Fetc%2Fca.crt")
