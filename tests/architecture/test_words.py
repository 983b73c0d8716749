"""Chinese that people read lives in its own files; every link of the documentation leads somewhere."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CHINESE = re.compile(r"[\u4e00-\u9fff]")
HOMES = (
    "services/gateway/gateway_service/texts_zh_CN.toml",
    "services/notify/notify_service/texts_zh_CN.toml",
    "services/gateway/web/src/strings.zh.ts",
    "services/gateway/web/",
    "services/gateway/miniprogram/",
    "deploy/local/",
)
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(#[^)]*)?\)")


def tracked(*folders: str) -> list[Path]:
    """Return the files git knows under the folders."""
    listed = subprocess.run(["git", "ls-files", *folders], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listed.stdout.split("\n") if name and (ROOT / name).is_file()]


def test_chinese_lives_in_its_files() -> None:
    strangers = []
    for path in tracked("services", "protos/orderhub", "Makefile"):
        name = str(path.relative_to(ROOT))
        if name.startswith(HOMES) or path.suffix not in {".py", ".proto", ""}:
            continue
        strangers += [f"{name}:{n}" for n, line in enumerate(path.read_text().splitlines(), 1) if CHINESE.search(line)]

    assert strangers == []


@pytest.mark.parametrize("page", ["README.md", "README.zh.md", "docs/walk.md", "CONTRIBUTING.md"])
def test_every_link_leads_somewhere(page: str) -> None:
    source = ROOT / page
    targets = [match[1] for match in LINK.finditer(source.read_text())]
    missing = [target for target in targets if "://" not in target and not (source.parent / target).exists()]

    assert targets
    assert missing == []
