"""The smoke run plays what the manifests say: podman's words differ, commands, accounts and locks do not."""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from deploy.k8s.make_secrets import documents as secret_documents
from deploy.k8s.pods import pods
from deploy.k8s.render import HERE, Document, render
from deploy.k8s.smoke import made_from
from deploy.k8s.smoke.podman import apt_mirror
from deploy.k8s.smoke.translate import LEFT_OUT, Stage, secret_texts
from deploy.local.keys import SERVICES, made
from deploy.local.layout import ROOT


@cache
def rendered() -> list[Document]:
    return render(HERE / "base")


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setattr(os, "chown", lambda *_: None)
    return Stage(rendered(), secret_texts(secret_documents(made(), backup_key="00")), tmp_path)


def played(stage: Stage, part: str) -> Any:
    return stage.playable(part)[-1]["spec"]


def test_every_part_but_the_collector_is_played(stage: Stage) -> None:
    assert set(stage.parts()) == {pod.part for pod in pods(stage.documents)} - set(LEFT_OUT)


def test_locks_commands_and_settings_stay(stage: Stage) -> None:
    kept = ("command", "args", "env", "envFrom", "securityContext", "volumeMounts")
    for part, pod in stage.parts().items():
        spec = played(stage, part)
        containers = [*spec.get("initContainers", []), *spec["containers"]]
        assert spec["securityContext"] == pod.spec["securityContext"]
        assert [{k: c.get(k) for k in kept} for c in containers] == [
            {k: c.get(k) for k in kept} for c in pod.containers()
        ]


def test_each_part_sees_its_own_secrets_only(stage: Stage) -> None:
    for service in SERVICES:
        folders = {v["name"]: Path(v["hostPath"]["path"]) for v in played(stage, service)["volumes"]}
        assert "orderhub_migration_url" not in {p.name for p in folders["secrets"].iterdir()}
        assert "orderhub_migration_url" in {p.name for p in folders["owner-secrets"].iterdir()}
        assert {oct(p.stat().st_mode & 0o777) for p in folders["secrets"].iterdir()} == {"0o400"}


def test_every_name_the_settings_use_has_an_address(stage: Stage) -> None:
    names = {alias["hostnames"][0]: alias["ip"] for alias in played(stage, "gateway")["hostAliases"]}

    assert {*SERVICES, "postgres", "rabbitmq"} <= names.keys()
    assert len(set(names.values())) == len(names)


@pytest.mark.parametrize(
    ("written", "mirror"),
    [
        ("# none\ndeb [signed-by=/a.gpg] http://mirror.example/debian bookworm main\n", "http://mirror.example/debian"),
        ("deb http://mirror.example/debian/ bookworm main\n", "http://mirror.example/debian"),
        ("deb http://mirror.example/other bookworm main\n", ""),
    ],
)
def test_debian_comes_from_where_this_machine_gets_it(tmp_path: Path, written: str, mirror: str) -> None:
    (tmp_path / "sources.list").write_text(written)

    assert apt_mirror(tmp_path) == mirror


def test_another_source_makes_another_image_and_a_machines_leavings_do_not(tmp_path: Path) -> None:
    room = tmp_path / "services" / "gateway" / "web" / "src"
    room.mkdir(parents=True)
    (room / "page.vue").write_text("1")
    before = made_from.mark("services/gateway", root=tmp_path)

    for leaving in (
        "services/gateway/web/node_modules/x.js",
        "services/gateway/__pycache__/y.pyc",
        "services/gateway/web/dist/z",
    ):
        (tmp_path / leaving).parent.mkdir(exist_ok=True)
        (tmp_path / leaving).write_text("made")
    assert made_from.mark("services/gateway", root=tmp_path) == before
    (room / "page.vue").write_text("2")
    assert made_from.mark("services/gateway", root=tmp_path) != before


def test_everything_an_image_copies_counts() -> None:
    """Each COPY of the Dockerfile is among the sources, and nothing a machine made goes into an image."""
    copied = re.findall(r"^COPY (?!--from)(\S+)", (ROOT / "deploy/Dockerfile").read_text(), re.MULTILINE)
    ignored = (ROOT / ".dockerignore").read_text().split()

    sources = (*made_from.IN_EVERY_IMAGE, "services/${SERVICE}")
    assert [path for path in copied if not path.startswith(sources)] == []
    assert {".run", ".venv", ".env", "**/node_modules"} <= set(ignored)
