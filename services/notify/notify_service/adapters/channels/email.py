"""E-mail: by SMTP, or as JSON to an HTTP mail service (the demo's sink).

SMTP addresses look like `smtp://host:587/?to=finance@example.com&from=orderhub@example.com&user=orderhub`; `secret` is the
password. A certificate that does not fit the host's name is refused; a password, or `&tls=required`, never goes without TLS.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import replace
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import parse_qs, urlsplit

from notify_service.adapters.channels.wire import Call, Request, json_bytes, read_receiver
from notify_service.domain.outcome import DELIVERED, Outcome, Result

SUBJECT_CHARACTERS = 60
STOP = re.compile(r"[\n：，。]")
SECONDS = 8
OUR_NAME = "orderhub"  # said in EHLO; looking our own name up could take seconds
read = read_receiver


def subject_of(text: str) -> str:
    """Return what the text begins with, up to its first stop."""
    return STOP.split(text, maxsplit=1)[0][:SUBJECT_CHARACTERS]


def build(call: Call) -> Request:
    """Return the mail as JSON."""
    return Request(call.url, json_bytes({"to": call.recipient, "subject": subject_of(call.text), "text": call.text}))


def by_smtp(call: Call, ip: str) -> Outcome:
    """Send through the mail server at `ip`; blocking, call it in a thread."""
    parts = urlsplit(call.url)
    said = {name: values[0] for name, values in parse_qs(parts.query).items()}
    try:
        server = _connect(parts.scheme, parts.hostname or "", ip, parts.port)
    except OSError as error:  # smtplib's own faults are OSErrors too
        return Outcome(Result.DOWN, repr(error)[:200])
    try:
        with server:
            if not (said.get("user") or said.get("tls") == "required") or _is_sealed(server):
                return _handed_over(server, call, said)
            return Outcome(Result.DOWN, "the mail server offers no TLS")
    except smtplib.SMTPRecipientsRefused as error:
        return _nobody(error.recipients)
    except smtplib.SMTPResponseException as error:
        return Outcome(Result.DOWN if error.smtp_code < 500 else Result.REFUSED, f"SMTP {error.smtp_code}")
    except OSError as error:  # the line went dead: it may have arrived
        return Outcome(Result.UNCLEAR, repr(error)[:200])


def _handed_over(server: smtplib.SMTP, call: Call, said: Mapping[str, str]) -> Outcome:
    if said.get("user"):
        server.login(said["user"], call.secret)
    refused = server.send_message(_mail(call, said))  # when nobody is left it raises
    return replace(DELIVERED, detail=f"refused: {', '.join(sorted(refused))}"[:200]) if refused else DELIVERED


def _mail(call: Call, said: Mapping[str, str]) -> EmailMessage:
    """Return the mail; its Message-ID is the message's own, so that a repetition can be told from a second one."""
    mail = EmailMessage()
    mail["Subject"], mail["To"], mail["From"] = subject_of(call.text), said.get("to", ""), said.get("from", "")
    mail["Date"] = format_datetime(call.now)
    mail["Message-ID"] = f"<{call.message_id}@orderhub>"
    mail.set_content(call.text)
    return mail


def _nobody(refused: Mapping[str, tuple[int, bytes]]) -> Outcome:
    """Judge a mail none of its recipients may get: for good when the server is sure about every one (5xx)."""
    codes = sorted({code for code, _ in refused.values()})
    final = all(code >= 500 for code in codes)
    return Outcome(Result.GONE if final else Result.DOWN, f"SMTP {', '.join(map(str, codes))}: no recipient taken")


def _is_sealed(server: smtplib.SMTP) -> bool:
    return isinstance(server.sock, ssl.SSLSocket)


def _connect(scheme: str, host: str, ip: str, port: int | None) -> smtplib.SMTP:
    """Connect to the checked address, with the certificate checked for the host's name."""
    secure = ssl.create_default_context()
    if scheme == "smtps":
        return _NamedSmtps(host, ip, port or 465, secure)
    server = smtplib.SMTP(ip, port or 25, local_hostname=OUR_NAME, timeout=SECONDS)
    server._host = host  # type: ignore[attr-defined]  # starttls checks the certificate against this name
    server.ehlo()
    if server.has_extn("starttls"):
        server.starttls(context=secure)
        server.ehlo()
    return server


class _NamedSmtps(smtplib.SMTP_SSL):
    """SMTP over TLS to an address, for a name."""

    def __init__(self, host: str, ip: str, port: int, secure: ssl.SSLContext) -> None:
        self._name = host
        super().__init__(ip, port, local_hostname=OUR_NAME, timeout=SECONDS, context=secure)

    def _get_socket(self, host: str, port: int, timeout: float) -> ssl.SSLSocket:
        plain = smtplib.socket.create_connection((host, port), timeout)  # type: ignore[attr-defined]
        return self.context.wrap_socket(plain, server_hostname=self._name)
