"""Seal folders into one encrypted file, and open it again: seal.py seal|open --key FILE ...

Frames of 1 MiB, each AES-256-GCM with its number as nonce and "is this the last?" as associated data, so that a frame
changed, moved, or a file cut short is refused (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizar, 2015).
The only import beyond the standard library is `cryptography`, which every OrderHub image has.
"""

from __future__ import annotations

import argparse
import gzip
import io
import os
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MAGIC = b"orderhub-backup-1\n"
FRAME = 1024 * 1024
TAG = 16
SUFFIX = ".sealed"


class Broken(Exception):
    """The file is not what was sealed, or the key is another."""


class Sealer(io.RawIOBase):
    """A file one writes to; what is written reaches `out` sealed."""

    def __init__(self, out: BinaryIO, key: bytes) -> None:
        self._out, self._box, self._prefix = out, AESGCM(key), os.urandom(7)
        self._waiting, self._number = bytearray(), 0
        out.write(MAGIC + self._prefix)

    def writable(self) -> bool:
        return True

    def write(self, piece: bytes) -> int:  # type: ignore[override]
        self._waiting += piece
        while len(self._waiting) > FRAME:  # the last frame is only known at the end
            self._put(bytes(self._waiting[:FRAME]), last=False)
            del self._waiting[:FRAME]
        return len(piece)

    def finish(self) -> None:
        self._put(bytes(self._waiting), last=True)

    def _put(self, plain: bytes, *, last: bool) -> None:
        self._out.write(self._box.encrypt(nonce(self._prefix, self._number), plain, mark(last=last)))
        self._number += 1


def nonce(prefix: bytes, number: int) -> bytes:
    return prefix + number.to_bytes(5, "big")


def mark(*, last: bool) -> bytes:
    return b"last" if last else b"more"


def opened(source: BinaryIO, key: bytes) -> Iterator[bytes]:
    """Yield the plain bytes; raise Broken as soon as something is not as it was sealed."""
    if source.read(len(MAGIC)) != MAGIC:
        raise Broken("this is no OrderHub backup")
    prefix, box, number = source.read(7), AESGCM(key), 0
    frame = source.read(FRAME + TAG)
    while True:
        following = source.read(FRAME + TAG)
        try:
            yield box.decrypt(nonce(prefix, number), frame, mark(last=not following))
        except InvalidTag:
            raise Broken(f"frame {number} does not open: wrong key, or the file was changed or cut") from None
        if not following:
            return
        frame, number = following, number + 1


class Opener(io.RawIOBase):
    """The plain bytes of a sealed file as a file one reads from."""

    def __init__(self, source: BinaryIO, key: bytes) -> None:
        self._pieces, self._left = opened(source, key), b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._left = piece
        taken = self._left[: len(buffer)]
        buffer[: len(taken)] = taken
        self._left = self._left[len(taken) :]
        return len(taken)


def seal(folders: list[Path], into: Path, key: bytes, keep: int) -> Path:
    """Write one sealed file of the folders and drop all but the `keep` newest; return its path."""
    target = into / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}{SUFFIX}"
    partial = target.with_suffix(".partial")
    with partial.open("wb") as out:
        sealer = Sealer(out, key)
        squeezed = gzip.GzipFile(fileobj=sealer, mode="wb", compresslevel=3)
        with squeezed, tarfile.open(fileobj=squeezed, mode="w|") as archive:
            for folder in folders:
                archive.add(folder, arcname=folder.name)
        sealer.finish()
        out.flush()
        os.fsync(out.fileno())
    partial.replace(target)
    for old in sorted(into.glob(f"*{SUFFIX}"))[:-keep]:
        old.unlink()
    return target


def unseal(source: Path, into: Path, key: bytes) -> None:
    """Unpack a sealed file; nothing outside `into` is written."""
    with source.open("rb") as raw:
        reader = io.BufferedReader(Opener(raw, key), FRAME)
        with tarfile.open(fileobj=reader, mode="r|gz") as archive:
            unpack(archive, into)
        while reader.read(FRAME):  # the last frame proves that nothing was cut off
            pass


def unpack(archive: tarfile.TarFile, into: Path) -> None:
    """Unpack what stays inside `into`; Debian 12's Python 3.11.2 knows no filters, so names are looked at here."""
    if hasattr(tarfile, "data_filter"):
        archive.extractall(into, filter="data")
        return
    for member in archive:
        names = [member.name, *([member.linkname] if member.islnk() else [])]
        inside = all((into / name).resolve().is_relative_to(into.resolve()) for name in names)
        if not inside or not (member.isreg() or member.isdir() or member.islnk()):
            raise Broken(f"{member.name} would not stay in {into}")
        archive.extract(member, into)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    commands = parser.add_subparsers(dest="command", required=True)
    sealing, opening = commands.add_parser("seal"), commands.add_parser("open")
    for command in (sealing, opening):
        command.add_argument("--key", type=Path, required=True, help="file of 64 hexadecimal digits")
        command.add_argument("--into", type=Path, required=True)
    sealing.add_argument("--keep", type=int, default=14, help="how many sealed files stay")
    sealing.add_argument("folders", type=Path, nargs="+")
    opening.add_argument("source", type=Path)
    asked = parser.parse_args()
    key = bytes.fromhex(asked.key.read_text().strip())
    if asked.command == "seal":
        made = seal(asked.folders, asked.into, key, asked.keep)
        print(f"{made.name} {made.stat().st_size} bytes")
    else:
        unseal(asked.source, asked.into, key)


if __name__ == "__main__":
    main()
