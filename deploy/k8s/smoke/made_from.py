"""What an image is made from, as a mark on it: a run must prove today's sources, not those of the last build."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from deploy.local.layout import ROOT

LABEL = "orderhub.made-from"
IN_EVERY_IMAGE = ("deploy/Dockerfile", "requirements/runtime.txt", "services/chassis", "protos")
# As in .dockerignore: what a machine made of the sources.
LEFT_OUT = ("__pycache__", "build", "node_modules", "dist", ".egg-info", ".build.lock")


def mark(*sources: str, root: Path = ROOT) -> str:
    """Return 16 hexadecimal digits that change with any byte or name under `sources`."""
    digest = hashlib.sha256()
    for source in sources:
        for path in _files(root / source):
            digest.update(f"{path.relative_to(root)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _files(place: Path) -> Iterator[Path]:
    if place.is_file():
        yield place
    for folder, subfolders, names in os.walk(place):
        subfolders[:] = sorted(name for name in subfolders if not _left_out(name))
        yield from (Path(folder) / name for name in sorted(names) if not _left_out(name))


def _left_out(name: str) -> bool:
    return name.endswith(LEFT_OUT) or name.startswith("dist.")
