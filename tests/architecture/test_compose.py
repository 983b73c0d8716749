"""compose.yaml: the same locks, secrets and seals as elsewhere, and every file it names is one that is made."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.local import compose_env
from deploy.local.keys import SERVICES, made

ROOT = Path(__file__).resolve().parents[2]
MADE = ".run/compose/"
SEALS = "ORDERHUB_AUDIT_EXPORT_DIR"
Compose = dict[str, Any]


def compose() -> Compose:
    """Return the file as Docker reads it, its merges carried out."""
    return copy.deepcopy(yaml.safe_load((ROOT / "compose.yaml").read_text()))


def complaints(found: Compose) -> list[str]:
    """Return one sentence per thing that is not as it must be."""
    parts: Compose = found["services"]
    said = [f"{name}: {what}" for name in SERVICES for what in _service(name, parts)]
    said += [
        f"{name}: takes a port of the host" for name, part in parts.items() if "ports" in part and name != "gateway"
    ]
    said += [
        f"{name}: {volume} is not declared"
        for name, part in parts.items()
        for volume in _named(part) - found["volumes"].keys()
    ]
    said += [f"{name}: nobody makes {file}" for name, part in parts.items() for file in _files(part) - _made()]
    said += [
        f"{name}: image {part['image']} may change under its name"
        for name, part in parts.items()
        if not _fixed(part["image"])
    ]
    return said


def _service(name: str, parts: Compose) -> list[str]:
    part, once = parts[name], parts[f"{name}-migrate"]
    waits = {other for other, how in part["depends_on"].items() if how["condition"] == "service_completed_successfully"}
    folder = part["environment"].get(SEALS)
    beside = {volume.split(":")[0] for volume in parts["postgres"]["volumes"]}
    holds = {what: good and _locked(once)[what] for what, good in _locked(part).items()} | {
        "starts before its migration": {"topology", *(f"{s}-migrate" for s in SERVICES)} <= waits,
        "is migrated by another version": once["image"] == part["image"],
        "reads another's secrets": _files(part) == {f"{name}.env"} and _files(once) == {f"{name}-migrate.env"},
        "is built as another": part["build"]["args"]["SERVICE"] == name,
        "can't keep its seals": bool(folder) and _volume_at(part, folder) not in (beside | {""}),
        "opens a port to everybody": all(port.startswith("${ORDERHUB_BIND:-127.0.0.1}:") for port in part.get("ports", [])),
        "asks services that are not there": {_host(to) for key, to in part["environment"].items() if key.endswith("_TARGET")} <= parts.keys(),
    }  # fmt: skip
    return [what for what, good in holds.items() if not good]


def _locked(part: Compose) -> dict[str, bool]:
    return {
        "may write its image": part.get("read_only") is True and "/tmp" in part.get("tmpfs", []),
        "keeps capabilities": part.get("cap_drop") == ["ALL"] and not part.get("cap_add"),
        "may gain privileges": "no-new-privileges:true" in part.get("security_opt", []),
        "has an account of another's choice": "user" not in part and "privileged" not in part,
    }


def _host(target: str) -> str:
    return target.split(":")[0]


def _named(part: Compose) -> set[str]:
    return {volume.split(":")[0] for volume in part.get("volumes", []) if not volume.startswith(".")}


def _volume_at(part: Compose, folder: str) -> str:
    mounts = dict(reversed(volume.split(":")[:2]) for volume in part.get("volumes", []))
    return str(mounts.get(folder, ""))


def _files(part: Compose) -> set[str]:
    """Return what it reads of the made folder: environment files, and files it mounts."""
    named = [file["path"] for file in part.get("env_file", [])]
    mounted = [volume.split(":")[0].removeprefix("./") for volume in part.get("volumes", []) if MADE in volume]
    return {path.removeprefix(MADE) for path in named + mounted}


def _made() -> set[str]:
    return set(compose_env.files(made()))


def _fixed(image: str) -> bool:
    return bool(re.search(r":\d+(\.\d+)?(-\w+)?$", image)) or image.split("/")[-1] in SERVICES


def test_it_is_as_it_must_be() -> None:
    assert complaints(compose()) == []


def test_the_image_has_the_folders_that_are_mounted() -> None:
    """A named volume takes its owner from the image's folder: one that is not there would belong to root."""
    prepared = re.search(r"install -d -o 10001 -g 10001 (.*)", (ROOT / "deploy/Dockerfile").read_text())
    wanted = {v.split(":")[1] for name in SERVICES for v in compose()["services"][name]["volumes"]}

    assert prepared
    assert wanted <= set(prepared[1].split())


MUTANTS: dict[str, Callable[[Compose], object]] = {
    "writable": lambda parts: parts["order"].pop("read_only"),
    "no tmp": lambda parts: parts["order"].pop("tmpfs"),
    "capabilities": lambda parts: parts["notify"].update(cap_add=["NET_RAW"]),
    "privileges": lambda parts: parts["planning"].pop("security_opt"),
    "a migration's capabilities": lambda parts: parts["order-migrate"].pop("cap_drop"),
    "root": lambda parts: parts["order"].update(user="root"),
    "no migration": lambda parts: parts["order"].update(depends_on={}),
    "older migration": lambda parts: parts["order-migrate"].update(image="orderhub/order:0.0.9"),
    "owner's secrets": lambda parts: parts["order"].update(env_file=[{"path": f"{MADE}order-migrate.env"}]),
    "another's code": lambda parts: parts["order"]["build"]["args"].update(SERVICE="planning"),
    "no seals": lambda parts: parts["order"].update(environment={**parts["order"]["environment"], SEALS: ""}),
    "seals in the image": lambda parts: parts["order"].update(volumes=[]),
    "seals beside the database": lambda parts: parts["postgres"]["volumes"].append("audit-seals:/seals"),
    "gateway's seals": lambda parts: parts["gateway"].update(volumes=["attachments:/var/lib/orderhub/attachments"]),
    "open to everybody": lambda parts: parts["gateway"].update(ports=["8080:8080"]),
    "open database": lambda parts: parts["postgres"].update(ports=["5432:5432"]),
    "undeclared": lambda parts: parts["rabbitmq"]["volumes"].append("queues:/queues"),
    "a file nobody makes": lambda parts: parts["postgres"]["volumes"].append(f"./{MADE}other.sql:/other.sql:ro"),
    "latest": lambda parts: parts["postgres"].update(image="postgres:latest"),
    "no such service": lambda parts: parts["order"].update(environment={**parts["order"]["environment"], "ORDERHUB_PLANNING_TARGET": "planner:1"}),
}  # fmt: skip


@pytest.mark.parametrize("mutant", MUTANTS)
def test_every_mutant_is_caught(mutant: str) -> None:
    found = compose()
    MUTANTS[mutant](found["services"])

    assert complaints(found)
