"""The ports of the parts are not lent to outgoing connections."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.local import ports


def kernel(folder: Path, kept: str | None, lends: str) -> tuple[Path, Path]:
    """Return the kernel's two files: the ports it keeps back and the range it lends from."""
    reserved, lent = folder / "ip_local_reserved_ports", folder / "ip_local_port_range"
    if kept is not None:
        reserved.write_text(kept)
    lent.write_text(lends)
    return reserved, lent


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("\n", "8080,50051,50052"),
        ("8080-8090,50052\n", "8080-8090,50052,50051"),
        ("8080,50051-50060\n", "8080,50051-50060\n"),
    ],
)
def test_ports_are_reserved_beside_those_that_were(tmp_path: Path, before: str, after: str) -> None:
    reserved, lent = kernel(tmp_path, before, "8000\t60999\n")

    ports.reserve([50052, 50051, 8080], reserved, lent)

    assert reserved.read_text() == after


def test_a_port_the_kernel_never_lends_is_not_reserved(tmp_path: Path) -> None:
    reserved, lent = kernel(tmp_path, "\n", "32768\t60999\n")

    ports.reserve([8080, 32767, 61000, 32768, 60999], reserved, lent)

    assert reserved.read_text() == "32768,60999"


@pytest.mark.parametrize("content", [None, "not ports"])
def test_what_may_not_be_reserved_is_left_as_it_is(tmp_path: Path, content: str | None) -> None:
    reserved, lent = kernel(tmp_path, content, "8000\t60999\n")

    ports.reserve([8080], reserved, lent)

    assert not reserved.exists() if content is None else reserved.read_text() == content
