"""E-mail: by SMTP, or as JSON to an HTTP mail service (the demo's sink).

SMTP addresses look like `smtp://user@host:587/?to=finance@example.com&from=orderhub@example.com`; `secret` is the password.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from email.message import EmailMessage
from urllib.parse import parse_qs, urlsplit

from notify_service.adapters.channels.wire import Call, Request, json_bytes, read_receiver
from notify_service.domain.outcome import DELIVERED, Outcome, Result

SUBJECT_CHARACTERS = 60
STOP = re.compile(r"[\n：，。]")
SECONDS = 8
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
    mail = EmailMessage()
    mail["Subject"], mail["To"], mail["From"] = subject_of(call.text), said.get("to", ""), said.get("from", "")
    mail["Message-ID"] = f"<{call.message_id}@orderhub>"
    mail.set_content(call.text)
    try:
        server = _connect(parts.scheme, parts.hostname or "", ip, parts.port)
    except (OSError, smtplib.SMTPException) as error:
        return Outcome(Result.DOWN, repr(error)[:200])
    try:
        with server:
            if said.get("user"):
                server.login(said["user"], call.secret)
            server.send_message(mail)
    except smtplib.SMTPResponseException as error:
        return Outcome(Result.DOWN if error.smtp_code < 500 else Result.REFUSED, f"SMTP {error.smtp_code}")
    except smtplib.SMTPException as error:
        return Outcome(Result.REFUSED, repr(error)[:200])
    except OSError as error:
        return Outcome(Result.UNCLEAR, repr(error)[:200])
    return DELIVERED


def _connect(scheme: str, host: str, ip: str, port: int | None) -> smtplib.SMTP:
    """Connect to the checked address, with the certificate checked for the host's name."""
    secure = ssl.create_default_context()
    if scheme == "smtps":
        return _NamedSmtps(host, ip, port or 465, secure)
    server = smtplib.SMTP(ip, port or 25, timeout=SECONDS)
    server._host = host  # type: ignore[attr-defined]  # starttls checks the certificate against this name
    server.ehlo()
    if server.has_extn("starttls"):
        server.starttls(context=secure)
    return server


class _NamedSmtps(smtplib.SMTP_SSL):
    """SMTP over TLS to an address, for a name."""

    def __init__(self, host: str, ip: str, port: int, secure: ssl.SSLContext) -> None:
        self._name = host
        super().__init__(ip, port, timeout=SECONDS, context=secure)

    def _get_socket(self, host: str, port: int, timeout: float) -> ssl.SSLSocket:
        plain = smtplib.socket.create_connection((host, port), timeout)  # type: ignore[attr-defined]
        return self.context.wrap_socket(plain, server_hostname=self._name)
