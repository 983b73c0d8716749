"""Run the base for real, without a cluster: python -m deploy.k8s.smoke [--folder small-site] [--rebuild]

Builds the images on a bootstrapped Debian, plays the rendered pods with podman, asks their probes as the kubelet would,
lets an order walk through, and stops everything. Needs root, podman, runc and debootstrap; nothing is pulled.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.k8s import make_secrets
from deploy.k8s.render import HERE, render
from deploy.k8s.smoke import backup, probes
from deploy.k8s.smoke import podman as images
from deploy.k8s.smoke.order import walk
from deploy.k8s.smoke.podman import Podman
from deploy.k8s.smoke.translate import SUBNET, Stage, secret_texts
from deploy.local.keys import SERVICES, made
from deploy.local.layout import LocalError

NETWORK = "orderhub-smoke"
STOP_SECONDS = 45
FOLDERS = {"base": HERE / "base", "small-site": HERE / "overlays" / "small-site"}


def play(stage: Stage, podman: Podman, part: str) -> None:
    """Start one pod; init containers run to their end first."""
    file = stage.home / f"{part}.yaml"
    file.write_text("\n---\n".join(json.dumps(document) for document in stage.playable(part)))
    podman.run("kube", "play", "--network", f"{NETWORK}:ip={stage.address(part)}", str(file))


def up(stage: Stage, podman: Podman, part: str) -> None:
    began = time.monotonic()
    play(stage, podman, part)
    pod = stage.parts()[part]
    for name in ("startupProbe", "livenessProbe", "readinessProbe"):
        probes.wait(pod, name, stage.address(part), podman)
    print(f"  {part:<10} started, live and ready after {time.monotonic() - began:4.1f} s", flush=True)


def job(stage: Stage, podman: Podman, part: str) -> None:
    play(stage, podman, part)
    container = probes.container_of(stage.parts()[part])
    code = podman.run("wait", container)
    if code != "0":
        logs = podman.tried("logs", container)
        raise LocalError(f"job {part} ended with {code}: {logs.stdout}{logs.stderr}")
    print(f"  {part:<10} done", flush=True)


def locked_down(stage: Stage, podman: Podman) -> None:
    """The running containers are what the manifests say: no root, nothing to write to but /tmp."""
    for part in (*SERVICES, "postgres", "rabbitmq"):
        container = probes.container_of(stage.parts()[part])
        account = podman.run("exec", container, "id", "-u")
        wanted = str(stage.parts()[part].spec["securityContext"]["runAsUser"])
        wrote = podman.tried("exec", container, "sh", "-c", "touch /usr/local/it").returncode == 0
        caps = podman.run("exec", container, "sh", "-c", "grep CapEff /proc/self/status").split()[-1]
        if account != wanted or wrote or int(caps, 16):
            raise LocalError(f"{part}: account {account}, writes its image: {wrote}, capabilities {caps}")
    print("  accounts, read-only images and empty capabilities are as written")


def leave(stage: Stage, podman: Podman, part: str) -> None:
    """SIGTERM: what is in hand is finished, the process ends by itself with 0."""
    container = probes.container_of(stage.parts()[part])
    began = time.monotonic()
    podman.run("stop", "--time", str(STOP_SECONDS), container)
    code = podman.run("inspect", "--format", "{{.State.ExitCode}}", container)
    took = time.monotonic() - began
    if code != "0" or took >= STOP_SECONDS:
        raise LocalError(f"{part} left with {code} after {took:.0f} s")
    print(f"  {part:<10} left with 0 after {took:.1f} s")


def keep_logs(stage: Stage, podman: Podman) -> None:
    """Write what every container said to <home>/logs, those that run first and end included."""
    folder = stage.home / "logs"
    folder.mkdir(exist_ok=True)
    for part, pod in stage.parts().items():
        said = [podman.tried("logs", f"{part}-{container['name']}") for container in pod.containers()]
        (folder / f"{part}.log").write_text("".join(one.stdout + one.stderr for one in said))


@contextmanager
def network(podman: Podman) -> Iterator[None]:
    podman.tried("network", "create", "--subnet", f"{SUBNET}.0/24", NETWORK)
    try:
        yield
    finally:
        podman.tried("network", "rm", "-f", NETWORK)


def smoke(home: Path, folder: Path, mirror: str, *, rebuild: bool) -> None:
    podman = Podman(home)
    print("images", flush=True)
    images.prepare(podman, mirror, rebuild=rebuild)
    images.weigh(podman)
    shutil.rmtree(home / "volumes", ignore_errors=True)
    secrets = secret_texts(make_secrets.documents(made(), backup_key="00" * 32))
    stage = Stage(render(folder), secrets, home)
    with network(podman):
        try:
            run(stage, podman)
        finally:
            keep_logs(stage, podman)
            podman.tried("pod", "rm", "-f", "-a", timeout=120)


def run(stage: Stage, podman: Podman) -> None:
    print("pods", flush=True)
    for part, kind in (("postgres", up), ("databases", job), ("rabbitmq", up), ("topology", job)):
        kind(stage, podman, part)
    for service in SERVICES:
        up(stage, podman, service)
    locked_down(stage, podman)
    print("order", flush=True)
    number = walk(podman, probes.container_of(stage.parts()["gateway"]), f"http://{stage.address('gateway')}:8080")
    if backup.PART in stage.parts():
        print("backup", flush=True)
        job(stage, podman, backup.PART)
    print("leaving", flush=True)
    for service in SERVICES:
        leave(stage, podman, service)
    if backup.PART in stage.parts():
        print("restore", flush=True)
        leave(stage, podman, "postgres")
        backup.restore(stage, podman)
        up(stage, podman, "postgres")
        backup.holds(stage, podman, number)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--home", type=Path, default=Path("/var/tmp/orderhub-smoke"))  # noqa: S108  images outlive a boot
    parser.add_argument(
        "--mirror", default="", help="where Debian's packages come from (this machine's own apt source)"
    )
    parser.add_argument("--folder", choices=FOLDERS, default="base", help="small-site drills backup and restore too")
    parser.add_argument("--rebuild", action="store_true", help="build our images anew")
    asked = parser.parse_args()
    if missing := images.missing_tools():
        sys.exit(f"install {', '.join(missing)} first (docs/operations.md)")
    began = time.monotonic()
    try:
        smoke(asked.home, FOLDERS[asked.folder], asked.mirror, rebuild=asked.rebuild)
    except LocalError as error:
        sys.exit(f"smoke: {error}")
    print(f"{asked.folder} ran, an order walked through it, everything left; {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
