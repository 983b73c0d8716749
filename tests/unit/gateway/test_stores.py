"""Where attachments' bytes are kept: the folder and its twin in memory behave alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway_service.attachments import DiskStore, MemoryStore, Store


@pytest.fixture(params=["disk", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return DiskStore(tmp_path / "attachments") if request.param == "disk" else MemoryStore()


async def test_what_was_put_is_got_until_it_is_dropped(store: Store) -> None:
    await store.put("0198-ab", b"one")
    await store.put("0198-cd", b"two")
    await store.put("0198-ab", b"one again")
    first, second = await store.get("0198-ab"), await store.get("0198-cd")

    await store.drop("0198-ab")
    await store.drop("0198-ab")

    assert (first, second) == (b"one again", b"two")
    assert await store.get("0198-cd") == b"two"
    with pytest.raises(FileNotFoundError):
        await store.get("0198-ab")


async def test_what_was_never_put_is_not_found(store: Store) -> None:
    with pytest.raises(FileNotFoundError):
        await store.get("0198-ef")


async def test_a_folder_holds_whole_files_only(tmp_path: Path) -> None:
    await DiskStore(tmp_path).put("0198-ab", b"x" * 100_000)

    assert [file.name for file in tmp_path.rglob("*") if file.is_file()] == ["0198-ab"]
