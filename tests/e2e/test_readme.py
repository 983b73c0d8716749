"""The README's walk-through works as printed."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.e2e.stack import Stack

pytestmark = [pytest.mark.timeout(300)]
README = Path(__file__).resolve().parents[2] / "README.md"


def test_the_curl_walk_through_works_as_printed(stack: Stack, tmp_path: Path) -> None:
    script = re.search(r"walk-through: begin -->\n```bash\n(.*?)```", README.read_text(), re.DOTALL)
    assert script
    (tmp_path / ".run").symlink_to(stack.home)

    walked = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script[1]],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )

    assert walked.returncode == 0, walked.stderr
    lines = walked.stdout.splitlines()
    assert re.fullmatch(r"SO\d{8}-\d+", lines[0])
    assert lines[1] == "confirmed"
    assert "planned" in lines
    assert any(line.startswith(f"新订单 {lines[0]}") for line in lines)
