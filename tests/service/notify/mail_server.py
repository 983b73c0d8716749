"""A mail server of a few lines: keeps what it gets, and can refuse, ask for a password, speak TLS or hang up."""

from __future__ import annotations

import asyncio
import base64
import datetime
import ssl
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class MailServer:
    """Speaks as much SMTP as a client needs; `refused` are answers by recipient, `password` makes it ask for one."""

    port: int = 0
    tls: ssl.SSLContext | None = None
    sealed: bool = False  # TLS from the first byte
    password: str = ""
    refused: dict[str, str] = field(default_factory=dict)
    after_data: str = "250 taken"  # empty: hangs up instead
    mails: list[EmailMessage] = field(default_factory=list)
    secrets_in_clear: int = 0
    _server: asyncio.Server | None = None

    async def start(self) -> MailServer:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.tls if self.sealed else None)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def stop(self) -> None:
        assert self._server is not None
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        secure, signed_in = self.sealed, False
        writer.write(b"220 mail\r\n")
        while line := (await reader.readline()).decode().strip():
            verb, _, rest = line.partition(" ")
            match verb.upper():
                case "EHLO":
                    offers = [
                        "mail",
                        *(["STARTTLS"] if self.tls and not secure else []),
                        *(["AUTH PLAIN"] if self.password else []),
                    ]
                    said = "".join(f"250-{offer}\r\n" for offer in offers) + "250 8BITMIME"
                case "STARTTLS":
                    writer.write(b"220 go\r\n")
                    await writer.start_tls(self.tls)
                    secure = True
                    continue
                case "AUTH":
                    self.secrets_in_clear += not secure
                    signed_in = base64.b64decode(rest.split()[-1]).decode().split("\0")[-1] == self.password
                    said = "235 welcome" if signed_in else "535 no"
                case "MAIL":
                    said = "250 ok" if signed_in or not self.password else "530 sign in first"
                case "RCPT":
                    said = next((answer for name, answer in self.refused.items() if name in rest), "250 ok")
                case "DATA":
                    writer.write(b"354 go\r\n")
                    raw = await reader.readuntil(b"\r\n.\r\n")
                    said = self.after_data
                    if said.startswith("250"):
                        self.mails.append(message_from_bytes(raw[:-5], policy=policy.default))
                case "QUIT":
                    said = "221 bye"
                case _:
                    said = "250 ok"
            if not said:
                break
            writer.write(f"{said}\r\n".encode())
        writer.close()


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """Make a certificate that signs itself; return the files of certificate and key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder().subject_name(who).issuer_name(who).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    paths = folder / f"{name}.pem", folder / f"{name}.key"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    paths[1].write_bytes(key.private_bytes(*form))
    return paths


def context_of(files: tuple[Path, Path]) -> ssl.SSLContext:
    """Return a server's TLS with this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    return context
