"""The secrets the manifests refer to are made, fit the settings, and the sealed backups open with their key alone."""

from __future__ import annotations

import importlib.util
import json
import tarfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from deploy.k8s import make_secrets
from deploy.k8s.render import HERE
from deploy.local.keys import SERVICES, made

KEY, OTHER = bytes(range(32)), bytes(32)


@pytest.fixture(scope="module")
def secrets() -> dict[str, dict[str, str]]:
    return {d["metadata"]["name"]: d["stringData"] for d in make_secrets.documents(made(), backup_key="00" * 32)}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_starts_from_its_secrets_folder(
    secrets: Any, service: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chassis.settings import Settings

    for name, value in (secrets[f"{service}-secrets"] | secrets[f"{service}-owner"]).items():
        (tmp_path / name).write_text(value)
    monkeypatch.setitem(Settings.model_config, "secrets_dir", str(tmp_path))

    settings = Settings()  # type: ignore[call-arg]

    url, owner = make_url(settings.database_url.get_secret_value()), settings.migration_url
    assert (url.host, url.database, url.username) == ("postgres", f"orderhub_{service}", f"orderhub_{service}")
    assert owner is not None
    assert make_url(owner.get_secret_value()).username == f"orderhub_{service}_owner"
    assert set(json.loads(settings.trusted_keys)) == set(SERVICES)


def test_nobody_holds_anothers_secret(secrets: Any) -> None:
    signing = {service: secrets[f"{service}-secrets"]["orderhub_signing_key"] for service in SERVICES}

    assert len(set(signing.values())) == len(SERVICES)
    for service in SERVICES:
        text = json.dumps(secrets[f"{service}-secrets"])
        assert not [other for other in SERVICES if other != service and json.loads(signing[other])["d"] in text]
        assert secrets["postgres-superuser"]["password"] not in text
        assert secrets["database-roles"][f"{service}_owner"] not in text


def test_the_same_store_gives_the_same_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setattr("sys.argv", ["make_secrets", "--store", str(tmp_path / "store.json")])

    make_secrets.main()
    first = capsys.readouterr().out
    make_secrets.main()

    assert capsys.readouterr().out == first
    assert {oct(path.stat().st_mode & 0o777) for path in tmp_path.iterdir()} == {"0o600"}


def test_the_script_of_the_databases_names_every_role_and_no_password(secrets: Any) -> None:
    script = (HERE / "base/files/databases.sql").read_text()

    for service in SERVICES:
        assert f"cat :'roles'/{service}_owner" in script
        assert f"CREATE DATABASE orderhub_{service} OWNER orderhub_{service}_owner" in script
        assert f"REVOKE ALL ON DATABASE orderhub_{service} FROM PUBLIC" in script
    assert not [value for value in secrets["database-roles"].values() if value in script]


@pytest.fixture(scope="module")
def seal() -> ModuleType:
    spec = importlib.util.spec_from_file_location("seal", HERE / "overlays/small-site/seal.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "base"
    found.mkdir()
    (found / "base.tar").write_bytes(bytes(range(256)) * 12_000)  # three frames, compressed less than one
    (found / "noise").write_bytes(__import__("random").Random(1).randbytes(3_500_000))
    return found


def test_a_sealed_backup_opens_again(seal: Any, folder: Path, tmp_path: Path) -> None:
    sealed = seal.seal([folder], tmp_path, KEY, 14)

    seal.unseal(sealed, tmp_path / "out", KEY)

    assert {p.name: p.read_bytes() for p in (tmp_path / "out/base").iterdir()} == {
        p.name: p.read_bytes() for p in folder.iterdir()
    }
    assert folder.joinpath("noise").read_bytes()[:64] not in sealed.read_bytes()


def test_debians_own_python_opens_it_too(
    seal: Any, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its 3.11.2 came before the filters of tarfile."""
    monkeypatch.delattr(tarfile, "data_filter", raising=False)
    sealed = seal.seal([folder], tmp_path, KEY, 14)

    seal.unseal(sealed, tmp_path / "out", KEY)

    assert {p.relative_to(tmp_path / "out") for p in (tmp_path / "out").rglob("*")} >= {
        p.relative_to(folder.parent) for p in folder.rglob("*")
    }
    with tarfile.open(tmp_path / "evil.tar", "w") as evil:
        evil.add(sealed, arcname="../outside")
    with tarfile.open(tmp_path / "evil.tar") as evil, pytest.raises(seal.Broken, match="outside"):
        seal.unpack(evil, tmp_path / "out")
    assert not (tmp_path / "outside").exists()


def test_without_the_key_it_stays_shut(seal: Any, folder: Path, tmp_path: Path) -> None:
    sealed = seal.seal([folder], tmp_path, KEY, 14)

    with pytest.raises(seal.Broken):
        seal.unseal(sealed, tmp_path / "out", OTHER)


@pytest.mark.parametrize(
    "harm",
    [
        lambda raw: raw[:-1],
        lambda raw: raw[: -(len(raw) % (1024 * 1024 + 16) or 1)],
        lambda raw: raw[:2_000_000] + bytes([raw[2_000_000] ^ 1]) + raw[2_000_001:],
        lambda raw: b"something else entirely" + raw,
    ],
    ids=["one byte short", "cut", "one bit", "no backup"],
)
def test_a_harmed_backup_is_refused(seal: Any, folder: Path, tmp_path: Path, harm: Any) -> None:
    sealed = seal.seal([folder], tmp_path, KEY, 14)
    sealed.write_bytes(harm(sealed.read_bytes()))

    with pytest.raises(Exception, match=r"does not open|no OrderHub backup|end of file|ended before"):
        seal.unseal(sealed, tmp_path / "out", KEY)


def test_only_the_newest_are_kept(seal: Any, folder: Path, tmp_path: Path) -> None:
    for day in range(1, 5):
        (tmp_path / f"2026010{day}T023000Z.sealed").touch()

    newest = seal.seal([folder], tmp_path, KEY, 2)

    assert sorted(p.name for p in tmp_path.glob("*.sealed")) == ["20260104T023000Z.sealed", newest.name]
