"""HTTP/1.1 whose requests have a head of bounded size: the server itself would keep an endless one in memory."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES = 64 * 1024


class BoundedHead(HttpToolsProtocol):
    """Closes a connection whose request line and headers pass 64 KB; bodies are bounded by the front."""

    _in_head = True
    _head = 0

    def on_message_begin(self) -> None:
        """A request begins."""
        self._in_head, self._head = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Its head is whole; what follows is body, or the next request."""
        self._in_head = False
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Read on; a head that is too long ends the connection."""
        began_before = self._in_head  # else the first of these bytes end the body of the request before
        super().data_received(data)
        self._head += len(data) if began_before else 0
        if self._in_head and self._head > HEAD_BYTES and not self.transport.is_closing():
            self.transport.close()
