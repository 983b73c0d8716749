"""A TCP proxy that behaves badly on demand: late, deaf in one or both directions, or abrupt.

The kernel here has no netem, so delay and loss are made in user space. Each toxic counts what it did: a fault that
touched no byte is no fault.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from dataclasses import dataclass, field

CHUNK = 65_536
HEALED_WITHIN_SECONDS = 0.02
UP, DOWN = "up", "down"  # from the client to the server, and back


@dataclass
class Proxy:
    """Stands before `target` ("host:port") on a port of its own. Settings take effect on connections that are open."""

    target: str
    latency: float = 0.0  # seconds added to each chunk, both ways
    deaf: frozenset[str] = frozenset()  # directions whose bytes do not arrive while the connections stay open
    held: int = field(default=0, init=False)
    delayed: int = field(default=0, init=False)
    resets: int = field(default=0, init=False)
    _server: asyncio.Server = field(init=False)
    _clients: set[asyncio.StreamWriter] = field(default_factory=set, init=False)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set, init=False)

    async def start(self) -> Proxy:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def black_hole(self) -> None:
        """Let nothing through either way: a partition, as seen by either side."""
        self.deaf = frozenset((UP, DOWN))

    def heal(self) -> None:
        self.deaf, self.latency = frozenset(), 0.0

    def reset(self) -> None:
        """Break every open connection with RST instead of a farewell."""
        for writer in list(self._clients):
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
            self.resets += 1

    async def stop(self) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, port = self.target.rsplit(":", 1)
        try:
            far_reader, far_writer = await asyncio.open_connection(host, int(port))
        except OSError:
            writer.transport.abort()
            return
        self._clients.add(writer)
        pumps = [self._pump(reader, far_writer, UP), self._pump(far_reader, writer, DOWN)]
        running = [asyncio.create_task(pump) for pump in pumps]
        self._tasks.update(running)
        await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        for end in (writer, far_writer):
            end.close()
        for task in running:
            task.cancel()
            self._tasks.discard(task)
        self._clients.discard(writer)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, direction: str) -> None:
        with contextlib.suppress(ConnectionError, OSError):
            while chunk := await reader.read(CHUNK):
                if self.latency:
                    self.delayed += 1
                    await asyncio.sleep(self.latency)
                if direction in self.deaf:
                    self.held += len(chunk)
                while direction in self.deaf:  # TCP loses no byte in mid-stream: late they come, or never
                    await asyncio.sleep(HEALED_WITHIN_SECONDS)
                writer.write(chunk)
                await writer.drain()
