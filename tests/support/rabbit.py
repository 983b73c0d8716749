"""The throwaway vhost of this test process, with the topology declared and the queues empty."""

from __future__ import annotations

import os

import aio_pika

from chassis.topology import BINDINGS, declare


def amqp_url() -> str:
    """Return the URL of this worker's own vhost."""
    try:
        server = os.environ["ORDERHUB_TEST_AMQP_URL"].rstrip("/")
    except KeyError:
        raise RuntimeError(
            "no test broker: run `make test`, or `python -m deploy.local.testbed run -- pytest ...`"
        ) from None
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    return f"{server}/{os.environ.get('ORDERHUB_TEST_VHOST', f'test{worker}')}"


async def fresh_topology(url: str) -> None:
    """Declare everything and empty the queues."""
    connection = await aio_pika.connect(url, timeout=10)
    async with connection:
        channel = await connection.channel()
        await declare(channel)
        for name in BINDINGS:
            queue = await channel.get_queue(name, ensure=False)
            await queue.purge()
