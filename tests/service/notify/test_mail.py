"""E-mail over SMTP, against a mail server in this process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from orderhub.notify.v1 import notify_pb2 as pb
from orderhub.order.v1 import events_pb2 as order

from notify_service.wiring import Settings, build
from tests.service.notify.conftest import World
from tests.service.notify.mail_server import MailServer, certificate, context_of
from tests.service.notify.messages import NUMBER

BOTH = "to=finance@example.com,boss@example.com&from=orderhub@example.com"


@asynccontextmanager
async def office(
    world: World, settings: Settings, server: MailServer, *, query: str = BOTH, scheme: str = "smtp", secret: str = ""
) -> AsyncIterator[World]:
    """The service whose finance channel is this mail server; one invoice task has been told."""
    await server.start()
    service = build(settings.model_copy(update={"egress_allowed": f"localhost:{server.port}"}), world.clock)
    made = World(service, world.sink, world.clock)
    url = f"{scheme}://localhost:{server.port}/?{query}"
    await made.api.PutChannel(pb.PutChannelRequest(code="finance", kind="email", url=url, secret=secret), None)
    await made.tell(order.InvoiceTaskOpened(order_number=NUMBER, invoice_task_id="i", customer_name="苏州启明"))
    await made.deliver()
    yield made
    for close in service.closers:
        await close()
    await service.database.close()
    server.stop()


async def state(world: World) -> tuple[str, str]:
    [entry] = [entry for entry in await world.log() if entry.channel == "finance"]
    return entry.state, entry.last_error


async def test_a_mail_arrives_in_chinese_with_the_messages_own_id(world: World, settings: Settings) -> None:
    server = MailServer()
    async with office(world, settings, server) as made:
        [entry] = [entry for entry in await made.log() if entry.channel == "finance"]

    [mail] = server.mails
    assert mail["Subject"] == "开票待办"
    assert mail["To"] == "finance@example.com, boss@example.com" or mail["To"] == "finance@example.com,boss@example.com"
    assert mail["Message-ID"] == f"<{entry.id}@orderhub>"
    assert mail["Date"]
    assert f"订单 {NUMBER}，客户：苏州启明" in mail.get_content()


async def test_an_unclear_mail_is_sent_again_under_the_same_id(world: World, settings: Settings) -> None:
    server = MailServer(after_data="")
    async with office(world, settings, server) as made:
        first = await state(made)
        server.after_data = "250 taken"
        made.clock.advance(timedelta(seconds=10))
        await made.deliver()
        [entry] = [entry for entry in await made.log() if entry.channel == "finance"]

    assert first[0] == "pending"
    assert [mail["Message-ID"] for mail in server.mails] == [f"<{entry.id}@orderhub>"]
    assert (entry.state, entry.attempt_count) == ("sent", 2)


@pytest.mark.parametrize(
    ("refused", "after_data", "expected", "mails"),
    [
        ({"finance": "550 no such user", "boss": "553 no"}, "250 ok", ("exhausted", "SMTP 550, 553: no recipient taken"), 0),
        ({"finance": "450 busy", "boss": "550 no"}, "250 ok", ("pending", "SMTP 450, 550: no recipient taken"), 0),
        ({"finance": "550 no such user"}, "250 ok", ("sent", "refused: finance@example.com"), 1),
        ({}, "451 try later", ("pending", "SMTP 451"), 0),
        ({}, "554 spam", ("pending", "SMTP 554"), 0),
    ],
)  # fmt: skip
async def test_what_a_refusal_means(
    world: World, settings: Settings, refused: dict[str, str], after_data: str, expected: tuple[str, str], mails: int
) -> None:
    server = MailServer(refused=refused, after_data=after_data)

    async with office(world, settings, server) as made:
        assert await state(made) == expected

    assert len(server.mails) == mails


@pytest.mark.parametrize("sealed", [False, True])
@pytest.mark.parametrize(("secret", "arrives"), [("right", True), ("wrong", False)])
async def test_a_password_goes_over_tls_to_the_server_that_is_meant(
    world: World, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    *, sealed: bool, secret: str, arrives: bool,
) -> None:  # fmt: skip
    files = certificate(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(files[0]))
    server = MailServer(tls=context_of(files), sealed=sealed, password="right")
    scheme = "smtps" if sealed else "smtp"

    async with office(world, settings, server, scheme=scheme, secret=secret, query=f"{BOTH}&user=orderhub") as made:
        said = await state(made)

    assert said == (("sent", "") if arrives else ("pending", "SMTP 535"))
    assert (len(server.mails), server.secrets_in_clear) == (int(arrives), 0)


@pytest.mark.parametrize("name", ["mail.example.com", "localhost"])
async def test_a_certificate_that_is_not_the_servers_is_refused(
    world: World, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    files = certificate(tmp_path, name)
    if name != "localhost":
        monkeypatch.setenv("SSL_CERT_FILE", str(files[0]))  # trusted, but for another name
    server = MailServer(tls=context_of(files))

    async with office(world, settings, server) as made:
        said, why = await state(made)

    assert (said, server.mails) == ("pending", [])
    assert "CERTIFICATE_VERIFY_FAILED" in why


@pytest.mark.parametrize("query", [f"{BOTH}&user=orderhub", f"{BOTH}&tls=required"])
async def test_without_tls_no_password_and_nothing_that_needs_it_leaves(
    world: World, settings: Settings, query: str
) -> None:
    server = MailServer(password="right")

    async with office(world, settings, server, query=query, secret="right") as made:
        assert await state(made) == ("pending", "the mail server offers no TLS")

    assert (server.mails, server.secrets_in_clear) == ([], 0)
