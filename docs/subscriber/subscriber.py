"""Keeps a list of orders in step with OrderHub: catches up from its log, follows its exchange, applies each event once."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sqlite3
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

PAGE = 200
POLL_SECONDS = 2.0
BEHIND_SECONDS = 0.5
RECONNECT_SECONDS = 1.0
TABLES = """
CREATE TABLE IF NOT EXISTS place (one INTEGER PRIMARY KEY CHECK (one = 1), cursor TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS seen (source TEXT, subject TEXT, sequence INTEGER, PRIMARY KEY (source, subject));
CREATE TABLE IF NOT EXISTS orders (number TEXT PRIMARY KEY, state TEXT NOT NULL, told INTEGER NOT NULL);
"""
STATES = {  # what this subscriber cares about; it passes over the rest
    "orderhub.order.v1.OrderSubmitted": "submitted",
    "orderhub.order.v1.OrderConfirmed": "confirmed",
    "orderhub.order.v1.OrderFullyShipped": "shipped",
    "orderhub.order.v1.OrderCancelled": "cancelled",
}


class Store:
    """A cursor, the last sequence of each subject, and the orders: an effect and its mark are one transaction."""

    def __init__(self, path: str) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.executescript(TABLES)

    @property
    def cursor(self) -> str:
        row = self._db.execute("SELECT cursor FROM place").fetchone()
        return str(row[0]) if row else ""

    def keep_cursor(self, cursor: str) -> None:
        """Go on from here next time; everything before it is stored."""
        self._db.execute(
            "INSERT INTO place VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET cursor = excluded.cursor", (cursor,)
        )

    def last(self, event: dict[str, Any]) -> int:
        """Return the last sequence taken of the event's subject; 0 when none was."""
        key = (event["source"], event["subject"])
        row = self._db.execute("SELECT sequence FROM seen WHERE source = ? AND subject = ?", key).fetchone()
        return int(row[0]) if row else 0

    def take(self, event: dict[str, Any]) -> bool:
        """Apply an event unless it was applied before; True when it was new."""
        sequence = int(event["sequence"])
        if sequence <= self.last(event):
            return False
        self._db.execute("BEGIN IMMEDIATE")
        self._db.execute(
            "INSERT INTO seen VALUES (?, ?, ?) ON CONFLICT (source, subject) DO UPDATE SET sequence = excluded.sequence",
            (event["source"], event["subject"], sequence),
        )
        self._apply(event)
        self._db.execute("COMMIT")
        return True

    def _apply(self, event: dict[str, Any]) -> None:
        """The effect: put your own here. `told` counts what reached an order, to show that nothing is applied twice."""
        state, number = STATES.get(event["type"]), event["data"].get("order_number")
        if state and number:
            self._db.execute(
                "INSERT INTO orders VALUES (?, ?, 1) "
                "ON CONFLICT (number) DO UPDATE SET state = excluded.state, told = orders.told + 1",
                (number, state),
            )


def catch_up(store: Store, url: str, token: str) -> int:
    """Read the log from where we were to its end; return how many events were new."""
    new, more = 0, True
    while more:
        query = urllib.parse.urlencode({"after": store.cursor, "limit": PAGE})
        address, headers = f"{url}/api/v1/events?{query}", {"Authorization": f"Bearer {token}"}
        request = urllib.request.Request(address, headers=headers)  # noqa: S310  the operator's own address
        page = _answered(request)
        new += sum(store.take(event) for event in page["items"])
        store.keep_cursor(page["cursor"])
        more = page["more"]
    return new


def _answered(request: urllib.request.Request) -> Any:
    """Return the answer's JSON; a token that lets nobody in ends the program, since waiting mends nothing."""
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code in (401, 403):
            raise SystemExit(
                f"not let in ({error.code}): the token is wrong, revoked, over, or not for here"
            ) from error
        raise


async def follow(store: Store, url: str, token: str, amqp: str) -> None:
    """Follow the exchange until the connection is lost: bind first, then catch up, then listen."""
    import aio_pika

    connection = await aio_pika.connect(amqp, timeout=10)
    async with connection:
        channel = await connection.channel()
        await channel.set_qos(prefetch_count=100)
        queue = await channel.declare_queue(exclusive=True)
        await queue.bind("orderhub.events", "orderhub.#")
        _caught_up(store, url, token)
        async with queue.iterator() as messages:
            async for message in messages:
                async with message.process():
                    await _taken(store, json.loads(message.body), url, token)


async def _taken(store: Store, event: dict[str, Any], url: str, token: str) -> None:
    """Take an event of the exchange; when one before it was missed, the log has it, if not yet then soon."""
    while int(event["sequence"]) > store.last(event) + 1:
        if _caught_up(store, url, token) == 0:
            await asyncio.sleep(BEHIND_SECONDS)
    if store.take(event):
        print(event["type"], event["subject"], event["sequence"], flush=True)


def _caught_up(store: Store, url: str, token: str) -> int:
    new = catch_up(store, url, token)
    if new:
        print("caught up:", new, "events", flush=True)
    return new


async def run(store: Store, url: str, token: str, amqp: str) -> None:
    """Follow, or poll the log without an exchange; whatever breaks is tried again and loses nothing."""
    while True:
        try:
            if amqp:
                await follow(store, url, token, amqp)
            else:
                _caught_up(store, url, token)
                await asyncio.sleep(POLL_SECONDS)
        except (OSError, EOFError, RuntimeError) as error:  # the network's, urllib's and AMQP's faults
            print("interrupted:", repr(error), flush=True)
            await asyncio.sleep(RECONNECT_SECONDS)


def main() -> None:
    """Read the command line; the token comes from the environment, so that no process list shows it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8080", help="where OrderHub answers")
    parser.add_argument("--amqp", default="", help="the exchange's address; without it the log is polled")
    parser.add_argument("--store", default="subscriber.db", help="an SQLite file")
    parser.add_argument("--once", action="store_true", help="catch up and end")
    asked = parser.parse_args()
    if not (token := os.environ.get("ORDERHUB_TOKEN", "")):
        parser.error("ORDERHUB_TOKEN is not set: put the integration's token there")
    store = Store(asked.store)
    if asked.once:
        print("caught up:", catch_up(store, asked.url, token), "events")
    else:
        asyncio.run(run(store, asked.url, token, asked.amqp))


if __name__ == "__main__":
    main()
