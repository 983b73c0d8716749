"""Podman with a store of its own, and the images of the smoke run."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from deploy.k8s.smoke import made_from
from deploy.local.keys import SERVICES
from deploy.local.layout import ROOT, LocalError

# Without CAP_SYS_RESOURCE limits can only be lowered, and crun refuses hybrid cgroups: runc does not.
CONFIGURATION = """\
[containers]
default_ulimits=["nofile=10000:10000","nproc=10000:10000"]
[engine]
cgroup_manager="cgroupfs"
events_logger="file"
runtime="runc"
"""
BASE = "localhost/orderhub-smoke-base:2"  # another number when `base` makes it otherwise
SERVERS = ("postgres", "rabbitmq")
CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"
TOOLS = ("podman", "runc", "debootstrap", "iptables")


@dataclass(frozen=True, slots=True)
class Podman:
    """One private store under `home`."""

    home: Path

    def run(self, *arguments: str, given: str | None = None, timeout: float = 600) -> str:
        """Run a podman command and return what it printed; raise LocalError when it fails."""
        done = self.tried(*arguments, given=given, timeout=timeout)
        if done.returncode:
            raise LocalError(f"podman {' '.join(arguments[:3])}: {done.stderr.strip()[-1500:]}")
        return done.stdout.strip()

    def tried(self, *arguments: str, given: str | None = None, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        command = ["podman", "--root", str(self.home / "store"), "--runroot", str(self.home / "run"), *arguments]
        return subprocess.run(
            command, input=given, capture_output=True, text=True, env=self.env(), timeout=timeout, check=False
        )

    def env(self) -> dict[str, str]:
        place = self.home / "containers.conf"
        if not place.exists():
            self.home.mkdir(parents=True, exist_ok=True)
            place.write_text(CONFIGURATION)
        return os.environ | {"CONTAINERS_CONF": str(place)}

    def has(self, image: str) -> bool:
        return self.tried("image", "exists", image).returncode == 0


def missing_tools() -> list[str]:
    return [tool for tool in TOOLS if not shutil.which(tool)]


def prepare(podman: Podman, mirror: str, *, rebuild: bool) -> None:
    """Make every image that is not there, and those that were made from other sources; ours anew when asked."""
    if not podman.has(BASE):
        base(podman, mirror)
    for server in SERVERS:
        own = [f"deploy/k8s/smoke/{server}.Dockerfile", f"deploy/k8s/smoke/{server}-entrypoint.sh"]
        up_to_date(podman, server_image(server), own)
    for service in SERVICES:
        if rebuild:
            podman.tried("untag", service_image(service))
        own = [*made_from.IN_EVERY_IMAGE, f"services/{service}"]
        up_to_date(podman, service_image(service), own, f"SERVICE={service}")


def up_to_date(podman: Podman, name: str, sources: list[str], *arguments: str) -> None:
    """Build an image by the Dockerfile its sources begin with, unless the one there was made from the same."""
    mark = made_from.mark(*sources)
    shown = "{{index .Config.Labels " + json.dumps(made_from.LABEL) + "}}"
    if podman.tried("image", "inspect", "--format", shown, name).stdout.strip() != mark:
        print(f"  building {name}", flush=True)
        build(podman, ROOT / sources[0], name, mark, *arguments)


def weigh(podman: Podman) -> None:
    """Print how large each of our images is beyond the Debian under it; raise LocalError for one that starts as root."""
    under = int(podman.run("image", "inspect", "--format", "{{.Size}}", BASE))
    for service in SERVICES:
        said = podman.run("image", "inspect", "--format", "{{.Size}} {{.Config.User}}", service_image(service))
        size, _, account = said.partition(" ")
        if account.split(":")[0] in ("", "0", "root"):
            raise LocalError(f"{service_image(service)} starts as root")
        print(f"  {service:<10} {int(size) / 1e6:4.0f} MB, {(int(size) - under) / 1e6:4.0f} of them ours, as {account}")


def apt_mirror(sources: Path = Path("/etc/apt")) -> str:
    """Return where this machine's own apt gets Debian from; empty leaves it to debootstrap."""
    files = [sources / "sources.list", *sorted((sources / "sources.list.d").glob("*"))]
    lines = [line for file in files if file.is_file() for line in file.read_text().splitlines()]
    found = (re.match(r"(?:deb\s+(?:\[[^]]*\]\s+)?|URIs:\s*)(\S+/debian)/?(?:\s|$)", line) for line in lines)
    return next((match[1] for match in found if match), "")


def base(podman: Podman, mirror: str) -> None:
    """Bootstrap Debian 12 with Python, and with this machine's certificates, so that packages can be fetched in it."""
    print("  bootstrapping Debian 12, one to three minutes", flush=True)
    root = podman.home / "rootfs"
    command = [
        "debootstrap",
        "--variant=minbase",
        "--include=ca-certificates,python3,python3-venv",
        "bookworm",
        str(root),
    ]
    subprocess.run([*command, *filter(None, [mirror or apt_mirror()])], check=True, stdout=subprocess.DEVNULL)
    shutil.copyfile(f"/{CERTIFICATES}", root / CERTIFICATES)
    archive = podman.home / "base.tar"
    subprocess.run(["tar", "-C", str(root), "-cf", str(archive), "."], check=True)
    settings = (
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        f"SSL_CERT_FILE=/{CERTIFICATES}",
        f"PIP_CERT=/{CERTIFICATES}",
        f"NODE_EXTRA_CA_CERTS=/{CERTIFICATES}",
    )
    podman.run("import", *(part for s in settings for part in ("--change", f"ENV {s}")), str(archive), BASE)
    archive.unlink()
    shutil.rmtree(root)


def build(podman: Podman, dockerfile: Path, name: str, mark: str, *arguments: str) -> None:
    given = [part for argument in (f"BASE={BASE}", *arguments) for part in ("--build-arg", argument)]
    podman.run(
        "build",
        "--network=host",
        "--label",
        f"{made_from.LABEL}={mark}",
        *given,
        "-f",
        str(dockerfile),
        "-t",
        name,
        str(ROOT),
    )


def service_image(service: str) -> str:
    return f"localhost/orderhub/{service}:smoke"


def server_image(server: str) -> str:
    return f"localhost/orderhub-smoke-{server}:1"
