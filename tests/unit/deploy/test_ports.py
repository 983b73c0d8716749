"""The ports of the parts are not lent to outgoing connections."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.local import ports


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("\n", "8080,50051,50052"),
        ("8080-8090,50052\n", "8080-8090,50052,50051"),
        ("8080,50051-50060\n", "8080,50051-50060\n"),
    ],
)
def test_ports_are_reserved_beside_those_that_were(tmp_path: Path, before: str, after: str) -> None:
    reserved = tmp_path / "ip_local_reserved_ports"
    reserved.write_text(before)

    ports.reserve([50052, 50051, 8080], reserved)

    assert reserved.read_text() == after


@pytest.mark.parametrize("content", [None, "not ports"])
def test_what_may_not_be_reserved_is_left_as_it_is(tmp_path: Path, content: str | None) -> None:
    reserved = tmp_path / "ip_local_reserved_ports"
    if content:
        reserved.write_text(content)

    ports.reserve([8080], reserved)

    assert not reserved.exists() if content is None else reserved.read_text() == content
