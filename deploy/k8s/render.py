"""Rendering: what `kubectl kustomize` makes of a folder, as documents."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
Document = dict[str, Any]


class NotRendered(Exception):
    """kustomize refused the folder, or there is no kubectl."""


def kubectl() -> str:
    """Return the kubectl of this Python environment, or the one on the path."""
    beside = Path(sys.executable).with_name("kubectl")
    found = str(beside) if beside.exists() else shutil.which("kubectl")
    if not found:
        raise NotRendered("kubectl is missing: install the development packages")
    return found


def render(folder: Path) -> list[Document]:
    """Return the documents of a base or an overlay."""
    done = subprocess.run(
        [kubectl(), "kustomize", str(folder)], capture_output=True, text=True, check=False, timeout=60
    )
    if done.returncode:
        raise NotRendered(done.stderr.strip())
    return [document for document in yaml.safe_load_all(done.stdout) if document]
