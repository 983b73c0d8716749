"""The systemd units: each service its own account and secrets, locked down, restarted; the settings they read are made."""

from __future__ import annotations

import configparser
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.keys import SERVICES
from deploy.systemd import make_settings

UNITS = Path(make_settings.__file__).parent
ROOT = UNITS.parents[1]
LOCKS = {
    "NoNewPrivileges": "yes", "CapabilityBoundingSet": "", "ProtectSystem": "strict", "ProtectHome": "yes",
    "PrivateTmp": "yes", "PrivateDevices": "yes", "SystemCallFilter": "@system-service",
}  # fmt: skip


class Unit(configparser.RawConfigParser):
    """A unit file; a key that comes twice keeps the last."""

    def __init__(self, name: str) -> None:
        super().__init__(strict=False, delimiters=("=",))
        self.optionxform = str  # type: ignore[assignment,method-assign]
        self.read_string((UNITS / name).read_text())


@pytest.mark.parametrize("name", ["orderhub@.service", "orderhub-migrate@.service"])
def test_a_unit_is_locked_down(name: str) -> None:
    unit = Unit(name)

    assert {key: unit["Service"].get(key) for key in LOCKS} == LOCKS


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd on this machine")
def test_systemd_itself_reads_every_unit(tmp_path: Path) -> None:
    """What it does not know it says and passes over: a lock misspelt would be no lock."""
    assert analyzed(tmp_path / "ours") == ""
    assert "NoNewPrivilegs" in analyzed(tmp_path / "misspelt", ("NoNewPrivileges=", "NoNewPrivilegs="))


def analyzed(folder: Path, change: tuple[str, str] = ("", "")) -> str:
    """Return what systemd-analyze says about the units of one service, with an interpreter that is there."""
    folder.mkdir()
    for name in ("orderhub@.service", "orderhub-migrate@.service", "orderhub.target"):
        text = (UNITS / name).read_text().replace("/opt/orderhub/venv/bin/python", sys.executable).replace(*change)
        for file in (name, name.replace("@.", "@order.")):
            (folder / file).write_text(text)
    named = [str(folder / name) for name in ("orderhub@order.service", "orderhub-migrate@order.service")]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *named], env={"SYSTEMD_UNIT_PATH": f"{folder}:", "PATH": os.environ["PATH"]},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    return "\n".join(line for line in done.stderr.splitlines() if str(folder) in line)


def test_a_service_is_its_own_account_and_comes_back() -> None:
    service = Unit("orderhub@.service")["Service"]

    assert (service["User"], service["Restart"], service["TimeoutStopSec"]) == ("orderhub-%i", "always", "45")
    assert "ORDERHUB_SECRETS_DIR=/etc/orderhub/secrets/%i" in (UNITS / "orderhub@.service").read_text()
    assert "/etc/orderhub/owner" not in (UNITS / "orderhub@.service").read_text()


def test_a_service_exports_the_seals_of_its_audit_log_where_it_may_write() -> None:
    service = Unit("orderhub@.service")["Service"]
    said = [
        line.split("=", 1)[1]
        for line in (UNITS / "orderhub@.service").read_text().splitlines()
        if line.startswith("Environment=")
    ]
    folder = dict(entry.split("=", 1) for entry in said)["ORDERHUB_AUDIT_EXPORT_DIR"]

    assert folder == f"/var/lib/{service['StateDirectory']}/audit-seals"
    assert "%i" in folder  # none can touch another's


def test_every_service_has_its_account_and_is_wanted() -> None:
    accounts = (UNITS / "sysusers.conf").read_text()
    wanted = Unit("orderhub.target")["Unit"]["Wants"].split()

    assert wanted == [f"orderhub@{service}.service" for service in SERVICES]
    assert all(f"u orderhub-{service} " in accounts for service in SERVICES)


def test_no_outgoing_connection_may_borrow_a_services_port() -> None:
    line = next(line for line in (UNITS / "sysctl.conf").read_text().splitlines() if not line.startswith("#"))
    first, last = line.split("= ")[1].split("-")

    assert line.startswith("net.ipv4.ip_local_reserved_ports = ")
    assert set(make_settings.PORTS.values()) == set(range(int(first), int(last) + 1))


def test_the_settings_of_a_box_are_made_once(tmp_path: Path) -> None:
    make_settings.write(tmp_path)
    (tmp_path / "gateway.env").write_text("ORDERHUB_HTTP_BIND=127.0.0.1:9090\n")
    before = (tmp_path / "secrets/order/orderhub_database_url").read_text()
    make_settings.write(tmp_path)

    assert (tmp_path / "secrets/order/orderhub_database_url").read_text() == before
    assert (tmp_path / "gateway.env").read_text() == "ORDERHUB_HTTP_BIND=127.0.0.1:9090\n"
    assert not (tmp_path / "secrets/order/orderhub_migration_url").exists()
    assert "orderhub_order_owner" in (tmp_path / "owner/order/orderhub_migration_url").read_text()
    assert json.loads((tmp_path / "admin/rabbitmq-definitions/definitions.json").read_text())["vhosts"]


def test_no_two_services_share_a_port(tmp_path: Path) -> None:
    make_settings.write(tmp_path)
    taken = [
        line.rsplit(":", 1)[-1].rsplit("=", 1)[-1]
        for service in SERVICES
        for line in (tmp_path / f"{service}.env").read_text().splitlines()
        if "_BIND" in line or "_PORT" in line
    ]

    assert len(taken) == len(set(taken)) == 2 * len(SERVICES)


def test_a_box_has_what_the_page_installs(tmp_path: Path) -> None:
    """The client the gateway serves is the one the page builds, and no package is left out that `make up` installs."""
    page = (ROOT / "docs/operations.md").read_text()
    installed = re.search(r"^apt-get install -y (.*)$", page, re.MULTILINE)
    wanted = re.search(r"^packages=\(([^)]*)\)", (ROOT / "deploy/local/bootstrap.sh").read_text(), re.MULTILINE)
    make_settings.write(tmp_path)
    settings = dict(line.split("=", 1) for line in (tmp_path / "gateway.env").read_text().splitlines())
    client = Path(settings["ORDERHUB_WEB_DIST"]).relative_to("/opt/orderhub").parent

    assert installed
    assert wanted
    assert set(wanted[1].split()) <= set(installed[1].split())
    assert (ROOT / client / "build.sh").exists()
    assert f"{client}/build.sh" in page


def test_only_its_owner_reads_a_secret(tmp_path: Path) -> None:
    make_settings.write(tmp_path)

    for folder in ("secrets", "owner", "admin"):
        modes = {oct(path.stat().st_mode & 0o777) for path in (tmp_path / folder).rglob("*") if path.is_file()}
        assert modes == {"0o600"}
