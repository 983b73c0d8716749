"""Nothing inside the house can be reached through a channel's address."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

import pytest
import pytest_asyncio

from notify_service.adapters.channels import wire
from notify_service.adapters.egress import MOST_BYTES, Answer, Egress, NoAnswer, NotReached
from notify_service.domain.address import Forbidden
from notify_service.domain.outcome import Outcome, Result

INWARD = [
    "https://127.0.0.1/",
    "https://127.1/",
    "https://127.0.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://0177.0.0.1/",
    "https://017700000001/",
    "https://127.0.0.1./",
    "https://localhost/",
    "https://localhost./",
    "https://a.localhost/",
    "https://LOCALHOST/",
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[::127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[64:ff9b::a00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[2002:a00:1::1]/",
    "https://[fe80::1]/",
    "https://[fe80::1%25eth0]/",
    "https://[fc00::1]/",
    "https://[fd12:3456::1]/",
    "https://[fec0::1]/",
    "https://[ff02::1]/",
    "https://[2001:db8::1]/",
    "https://[2001::1]/",
    "https://0.0.0.0/",
    "https://0.1.2.3/",
    "https://10.0.0.1/",
    "https://10.255.255.255/",
    "https://172.16.0.1/",
    "https://172.31.255.1/",
    "https://192.168.1.1/",
    "https://169.254.169.254/latest/meta-data",
    "https://100.64.0.1/",
    "https://100.127.255.254/",
    "https://168.63.129.16/",
    "https://192.0.0.1/",
    "https://192.0.2.1/",
    "https://198.18.0.1/",
    "https://198.51.100.1/",
    "https://203.0.113.1/",
    "https://224.0.0.1/",
    "https://239.255.255.255/",
    "https://240.0.0.1/",
    "https://255.255.255.255/",
    "https://192.88.99.1/",
]
MALFORMED = [
    "http://example.com/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "gopher://example.com/",
    "https:/example.com",
    "https://",
    "//example.com/x",
    "https://example.com:22/",
    "https://example.com:80/",
    "https://example.com:99999/",
    "https://example.com:x/",
    "https://a@example.com/",
    "https://example.com@127.0.0.1/",
    "https://a:b@example.com/",
    "https://exa_mple.com/",
    "https://-a.com/",
    "https://a..b/",
    "https://.a/",
    "https://example.com\\@127.0.0.1/",
    "https://1.2.3/",
    "https://1.2.3.4.5/",
    "https://0x1/",
    "https://a.0x7f/",
    "javascript:alert(1)",
]


def looking_up(*answers: Sequence[str]) -> Egress:
    """Return an egress whose name server gives these answers, one after the other, and counts nothing twice."""
    left = list(answers)

    async def lookup(host: str, port: int) -> Sequence[str]:
        return left.pop(0)

    return Egress(lookup=lookup)


@pytest.mark.parametrize("url", INWARD)
async def test_an_inward_address_is_refused_however_it_is_written(url: str) -> None:
    literal = url.split("//")[1].split("/")[0].strip("[]")

    with pytest.raises((Forbidden, NotReached)):
        await looking_up(
            [literal if literal[0].isdigit() and literal.count(".") == 3 and literal[-1] != "." else "127.0.0.1"]
        ).place_of(url, "webhook")


@pytest.mark.parametrize(
    "url", [*MALFORMED, "https://exam ple.com/", "https://例子.中国/", "https://a.com/\n", "https://a.com\t/", ""]
)
def test_what_is_no_plain_public_https_address_is_refused(url: str) -> None:
    assert Egress().fault(url, "webhook")


@pytest.mark.parametrize(
    "url",
    ["https://example.com/x?y=1", "https://example.com:8443/", "https://93.184.216.34/", "https://[2606:4700::1111]/"],
)
def test_a_public_address_is_accepted(url: str) -> None:
    assert Egress().fault(url, "webhook") == ""


@pytest.mark.parametrize(
    ("kind", "url", "fine"),
    [
        ("dingtalk", "https://oapi.dingtalk.com/robot/send?access_token=x", True),
        ("dingtalk", "https://oapi.dingtalk.com.evil.example/robot/send", False),
        ("dingtalk", "https://evil.example/?oapi.dingtalk.com", False),
        ("wecom", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=x", True),
        ("feishu", "https://oapi.dingtalk.com/x", False),
        ("email", "smtps://mail.example.com/?to=a@b", True),
        ("email", "smtp://mail.example.com:22/", False),
    ],
)
def test_a_robot_goes_to_its_vendor_only(kind: str, url: str, fine: bool) -> None:
    assert (Egress().fault(url, kind) == "") is fine


async def test_one_inward_answer_among_public_ones_is_enough_to_refuse() -> None:
    with pytest.raises(Forbidden):
        await looking_up(["93.184.216.34", "10.0.0.1"]).place_of("https://example.com/", "webhook")


async def test_a_name_is_looked_up_once_so_that_a_second_answer_can_not_lead_inside() -> None:
    egress = looking_up(["93.184.216.34"], ["127.0.0.1"])

    _, ip = await egress.place_of("https://example.com/", "webhook")

    assert ip == "93.184.216.34"


async def test_only_the_sinks_own_port_is_open_on_loopback() -> None:
    egress = Egress("http://127.0.0.1:9000", ["printer.lan:8080"])

    assert egress.fault("http://127.0.0.1:9000/dingtalk/x", "dingtalk") == ""
    assert egress.fault("http://127.0.0.1:9001/dingtalk/x", "dingtalk")
    assert egress.fault("http://localhost:9000/x", "webhook")
    assert egress.fault("http://printer.lan:8080/x", "webhook") == ""


@pytest_asyncio.fixture
async def server() -> AsyncIterator[list[bytes]]:
    """A server that answers every request with the bytes put into it; the first entry is its address."""
    answers: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answers[1])
        await writer.drain()
        writer.close()

    running = await asyncio.start_server(serve, "127.0.0.1", 0)
    answers.append(f"http://127.0.0.1:{running.sockets[0].getsockname()[1]}".encode())
    yield answers
    running.close()


async def post(server: list[bytes], answer: bytes) -> Answer:
    server.append(answer)
    egress = Egress(server[0].decode())
    try:
        return await egress.post(f"{server[0].decode()}/x", "webhook", {}, b"{}")
    finally:
        await egress.close()


async def test_a_redirect_is_an_answer_and_is_not_followed(server: list[bytes]) -> None:
    answer = await post(server, b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n")

    assert answer.status == 302


async def test_a_huge_answer_is_cut(server: list[bytes]) -> None:
    answer = await post(server, b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n" + b"x" * 200_000)

    assert len(answer.body) == MOST_BYTES
    assert len(answer.shown) < 250


HOSTILE = (
    b'{"errcode":[]}', b'{"errcode":{}}', b'{"errcode":"\xff"}', b"[" * 60_000, b"9" * 5000, b'{"errcode":1e999}',
    b"\x00\x1b[31m\r\nno",
)  # fmt: skip


@pytest.mark.parametrize("body", HOSTILE)
@pytest.mark.parametrize("read", [wire.read_receiver, wire.read_errcode])
@pytest.mark.parametrize("status", [200, 500])
async def test_whatever_a_receiver_answers_is_judged_and_can_be_kept(
    server: list[bytes], body: bytes, read: Callable[[Answer], Outcome], status: int
) -> None:
    head = f"HTTP/1.1 {status} X\r\nRetry-After: \xb2\r\nContent-Length: {len(body)}\r\n\r\n".encode("latin-1")

    outcome = read(await post(server, head + body))

    assert outcome.result in (Result.DELIVERED, Result.REFUSED, Result.DOWN)
    assert outcome.detail.isprintable()  # no database keeps NUL, no log wants control letters


async def test_a_pause_that_is_no_number_is_no_pause(server: list[bytes]) -> None:
    answer = await post(server, b"HTTP/1.1 429 X\r\nRetry-After: \xb2\r\nContent-Length: 0\r\n\r\n")

    assert wire.read_status(answer) == Outcome(Result.THROTTLED, "HTTP 429")


async def test_a_connection_closed_without_answer_is_unclear(server: list[bytes]) -> None:
    with pytest.raises(NoAnswer):
        await post(server, b"")


async def test_nobody_listening_is_not_reached() -> None:
    taken = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0)
    port = taken.sockets[0].getsockname()[1]
    taken.close()
    await taken.wait_closed()
    egress = Egress(f"http://127.0.0.1:{port}")

    with pytest.raises(NotReached):
        await egress.post(f"http://127.0.0.1:{port}/", "webhook", {}, b"")
    await egress.close()
