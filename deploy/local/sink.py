"""The notify sink: stands in for DingTalk, WeCom, Feishu, WeChat, e-mail and webhooks, and shows what they would have got."""

from __future__ import annotations

import argparse
import html
import json
import time
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import unquote, urlsplit

from deploy.local import sink_signature, sink_text
from deploy.local.ports import LOOPBACK
from deploy.local.sink_store import Behaviour, Store

LARGEST_BYTES = 1024 * 1024
PAGE = """<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>Notify sink</title>
<meta name="viewport" content="width=device-width"><meta http-equiv="refresh" content="5"><style>
body{{font:15px/1.6 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color:#1d2433;background:#f5f6f8}}
article{{background:#fff;border:1px solid #dde1e7;border-radius:8px;padding:.7rem 1rem;margin:.6rem 0}}
small{{color:#5b6472}} p{{white-space:pre-wrap;margin:.2rem 0}}</style>
<h1>Notify sink</h1><p>{count} messages. Behaviour: <code>{behaviour}</code></p>{items}</html>"""
ITEM = "<article><small>{at} · {channel} · {target} · {id}</small><p>{text}</p></article>"
SHOWN = 200


class Sink(ThreadingHTTPServer):
    """One server, one store, one behaviour; sends are written one at a time."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int, folder: Path) -> None:
        super().__init__((LOOPBACK, port), Handler)
        self.store = Store(folder)
        self.behaviour = Behaviour()
        self.now = time.time  # seconds since 1970, for the age of a signature
        self.lock = Lock()


class Handler(BaseHTTPRequestHandler):
    """`POST /<kind>/<target>` is a vendor; `/messages`, `/behaviour` and `/` are for us."""

    server: Sink
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        """Show the messages, the behaviour, or the page of both."""
        match self._path():
            case ["messages"]:
                with self.server.lock:
                    items = self.server.store.newest_first()
                self._json(200, {"items": items})
            case ["behaviour"]:
                self._json(200, self.server.behaviour.shown())
            case []:
                self._answer(200, self._page().encode(), "text/html; charset=utf-8")
            case _:
                self._json(404, {"error": "unknown page"})

    def do_PUT(self) -> None:
        """Take a new behaviour."""
        if self._path() != ["behaviour"]:
            return self._json(404, {"error": "unknown page"})
        try:
            wanted = json.loads(self._body() or b"{}")
            with self.server.lock:
                self.server.behaviour.told(wanted)
        except (ValueError, TypeError, AttributeError) as error:
            return self._json(422, {"error": str(error)})
        return self._json(200, self.server.behaviour.shown())

    def do_DELETE(self) -> None:
        """Forget all messages."""
        if self._path() != ["messages"]:
            return self._json(404, {"error": "unknown page"})
        with self.server.lock:
            self.server.store.clear()
        return self._json(200, {"items": []})

    def do_POST(self) -> None:
        """Take a message as the vendor would, or refuse it as told."""
        match self._path():
            case [kind, *target] if kind in sink_text.KINDS and target:
                self._receive(kind, "/".join(target))
            case _:
                self._body()
                self._json(404, {"error": "POST /<kind>/<target>; kinds: " + ", ".join(sink_text.KINDS)})

    def _receive(self, kind: str, target: str) -> None:
        raw = self._body()
        payload = _read(raw)
        behaviour = self.server.behaviour
        if behaviour.delay_ms:
            time.sleep(behaviour.delay_ms / 1000)
        with self.server.lock:
            refused = self._refusal(kind, f"{kind}/{target}") or self._unsigned(kind, raw, payload)
            if refused is None:
                text = sink_text.readable(kind, payload)
                self.server.store.add(kind, target, text, payload, datetime.now(UTC).astimezone())
        status, errcode = refused or (200, 0)
        self._json(status, sink_text.answer(kind, errcode))

    def _refusal(self, kind: str, target: str) -> tuple[int, int] | None:
        """Return HTTP status and vendor code of a send that is not taken, None when it is."""
        behaviour = self.server.behaviour
        if behaviour.status >= 300 or behaviour.errcode:
            return behaviour.status, behaviour.errcode or behaviour.status
        if behaviour.over_limit(target):
            return (429 if kind == "webhook" else 200), sink_text.OVER_THE_LIMIT
        return None

    def _unsigned(self, kind: str, raw: bytes, payload: Any) -> tuple[int, int] | None:
        """Return the refusal of a send that the secret we were told did not sign; without one anything is taken."""
        if not (secret := self.server.behaviour.secret):
            return None
        headers = {name.lower(): value for name, value in self.headers.items()}
        return sink_signature.refusal(
            kind, secret, url=self.path, headers=headers, raw=raw, payload=payload, now=self.server.now()
        )

    def _page(self) -> str:
        with self.server.lock:
            items = self.server.store.newest_first()
        rows = (
            ITEM.format_map({key: html.escape(str(item[key])) for key in ("at", "channel", "target", "id", "text")})
            for item in items[:SHOWN]
        )
        behaviour = html.escape(json.dumps(self.server.behaviour.shown()))
        return PAGE.format(count=len(items), behaviour=behaviour, items="".join(rows))

    def _path(self) -> list[str]:
        return [unquote(part) for part in urlsplit(self.path).path.split("/") if part]

    def _body(self) -> bytes:
        try:
            size = int(self.headers.get("Content-Length") or 0)
        except ValueError:
            size = 0
        if size > LARGEST_BYTES:
            self.close_connection = True
        return self.rfile.read(min(size, LARGEST_BYTES))

    def _json(self, status: int, value: Any) -> None:
        self._answer(status, json.dumps(value, ensure_ascii=False).encode(), "application/json; charset=utf-8")

    def _answer(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status, HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class names it so
        """Say nothing: each message is in the store already."""


def _read(raw: bytes) -> Any:
    text = raw.decode("utf-8", "replace")
    try:
        return json.loads(text)
    except ValueError:
        return text


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(description="A page that stands in for message vendors.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--store", type=Path, required=True)
    arguments = parser.parse_args()
    Sink(arguments.port, arguments.store).serve_forever(poll_interval=3600)


if __name__ == "__main__":
    main()
