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
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]*)(?:#([^)]*))?\)")


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


PAGES = [page for page in tracked("*.md") if LINK.search(page.read_text())]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    links = [(match[1], match[2]) for match in LINK.finditer(page.read_text()) if "://" not in (match[1] or "")]
    missing = [f"{place}#{heading}" for place, heading in links if not _leads(page, place, heading)]

    assert missing == []


def _leads(page: Path, place: str, heading: str | None) -> bool:
    target = page.parent / place if place else page
    return target.exists() and (not heading or heading in headings(target))


def headings(page: Path) -> set[str]:
    """Return the names by which links reach the headings of a page."""
    titles = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def test_the_pages_a_stranger_reads_first_are_among_them() -> None:
    names = {str(page.relative_to(ROOT)) for page in PAGES}

    assert {"README.md", "README.zh.md", "docs/walk.md", "docs/operations.md", "CONTRIBUTING.md"} <= names


def test_every_decision_stands_in_the_list() -> None:
    folder = ROOT / "docs/decisions"
    titles = {path.name: path.read_text().splitlines()[0] for path in sorted(folder.glob("0*.md"))}
    listed = re.findall(r"^\| \[(\d{4})\]\((.*?)\) \| (.*) \|$", (folder / "README.md").read_text(), re.MULTILINE)

    assert {place: f"# {number} {title}" for number, place, title in listed} == titles
