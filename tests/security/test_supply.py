"""34, 36: what is installed is what was reviewed, and no secret lies in the repository."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENT = re.compile(r"^[A-Za-z0-9][\w.\-\[\]]*\s*==", re.MULTILINE)
SECRETS = (
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----\n[A-Za-z0-9+/=\n]{60,}"),
    re.compile(r'"d":\s*"[A-Za-z0-9_-]{40,}"'),  # the private part of a JWK
    re.compile(r"\bAKIA[0-9A-Z]{16}\b"),
)
TEXTS = {".py", ".md", ".yaml", ".yml", ".toml", ".json", ".env", ".sh", ".conf", ".sql", ".ts", ".vue", ".txt", ""}


@pytest.mark.parametrize("name", ["runtime", "dev"])
def test_every_requirement_is_pinned_to_a_hash(name: str) -> None:
    listed = (ROOT / "requirements" / f"{name}.txt").read_text().replace("\\\n", " ")
    wanted = [line for line in listed.splitlines() if line.strip() and not line.lstrip().startswith(("#", "-"))]

    assert len(wanted) > 20
    assert [line[:60] for line in wanted if not REQUIREMENT.match(line) or "--hash=sha256:" not in line] == []


def test_installing_demands_the_hashes() -> None:
    assert "--require-hashes" in (ROOT / "deploy/local/bootstrap.sh").read_text()


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return [ROOT / name for name in listed.split("\0") if name]


def test_no_secret_lies_in_the_repository() -> None:
    found = [
        str(path.relative_to(ROOT))
        for path in tracked()
        if path.suffix in TEXTS and path.is_file() and any(p.search(path.read_text(errors="replace")) for p in SECRETS)
    ]

    assert found == []


def test_the_search_would_notice_one() -> None:
    planted = "-----BEGIN PRIVATE " + "KEY-----\n" + "A" * 64
    assert SECRETS[0].search(planted)


def test_statements_are_never_built_from_text() -> None:
    """27: the linter's rules on security are on, string-built SQL among them."""
    chosen = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]

    assert "S" in chosen["select"]
    assert "S608" not in chosen.get("ignore", [])
