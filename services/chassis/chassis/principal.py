"""Who asks: a short signed token in gRPC metadata, checked in every service (reliability.md section 5, row 5)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from chassis.clock import Clock

METADATA_KEY = "x-orderhub-principal"
ALGORITHM = "Ed25519"
LIFETIME_SECONDS = 60
LEEWAY_SECONDS = 60
REUSE_SECONDS = 30
CACHE_SIZE = 4096


@dataclass(frozen=True, slots=True)
class Principal:
    """A user, device, customer link or service; `subject` is what timelines show as actor."""

    subject: str
    kind: str = "user"
    roles: frozenset[str] = frozenset()

    @property
    def issuer(self) -> str:
        """Return which process may have signed this: a service speaks for itself, the gateway for everybody else."""
        return self.subject.removeprefix("service:") if self.kind == "service" else "gateway"

    def has(self, *roles: str) -> bool:
        """True when any of the roles is held; an administrator holds all."""
        return "admin" in self.roles or not self.roles.isdisjoint(roles)


class Untrusted(Exception):
    """The token is missing, forged, expired, for another service, or says more than its issuer may."""


current: ContextVar[Principal | None] = ContextVar("principal", default=None)


def actor() -> str:
    """Return the subject of the running request; empty outside one."""
    principal = current.get()
    return principal.subject if principal else ""


class Signer:
    """Signs principals for one audience at a time; tokens are reused for half of their life."""

    def __init__(self, issuer: str, key: str, clock: Clock) -> None:
        self.issuer = issuer
        self._key = OKPKey.import_key(json.loads(key))
        self._clock = clock
        self._made: dict[tuple[Principal, str], tuple[int, str]] = {}

    def itself(self) -> Principal:
        """The service as a principal of its own: it may ask, never command."""
        return Principal(f"service:{self.issuer}", "service")

    def token(self, principal: Principal, audience: str) -> str:
        """Return a compact JWT that names `principal` to `audience` for a minute."""
        now = int(self._clock.now().timestamp())
        made_at, token = self._made.get((principal, audience), (0, ""))
        if now - made_at < REUSE_SECONDS:
            return token
        claims = {
            "iss": self.issuer, "aud": audience, "iat": now, "exp": now + LIFETIME_SECONDS,
            "sub": principal.subject, "kind": principal.kind, "roles": sorted(principal.roles),
        }  # fmt: skip
        token = jwt.encode({"alg": ALGORITHM}, claims, self._key, algorithms=[ALGORITHM])
        if len(self._made) >= CACHE_SIZE:
            self._made.clear()
        self._made[(principal, audience)] = (now, token)
        return token


class Verifier:
    """Checks tokens against the public key of their issuer."""

    def __init__(self, audience: str, trusted: str, clock: Clock) -> None:
        self.audience = audience
        self._keys = {issuer: OKPKey.import_key(key) for issuer, key in json.loads(trusted).items()}
        self._clock = clock
        self._seen: dict[str, tuple[int, Principal]] = {}

    def verify(self, token: str) -> Principal:
        """Return the principal; raise Untrusted."""
        now = int(self._clock.now().timestamp())
        known = self._seen.get(token)
        if known is None:
            known = self._read(token)
            if len(self._seen) >= CACHE_SIZE:
                self._seen.clear()
            self._seen[token] = known
        if now > known[0] + LEEWAY_SECONDS:
            raise Untrusted("expired")
        return known[1]

    def _read(self, token: str) -> tuple[int, Principal]:
        for issuer, key in self._keys.items():
            try:
                claims = jwt.decode(token, key, algorithms=[ALGORITHM]).claims
            except (JoseError, ValueError):
                continue
            return int(claims["exp"]), self._checked(issuer, claims)
        raise Untrusted("no trusted key signed this token")

    def _checked(self, issuer: str, claims: Mapping[str, object]) -> Principal:
        principal = Principal(str(claims["sub"]), str(claims["kind"]), frozenset(map(str, claims["roles"])))  # type: ignore[call-overload]
        if claims.get("iss") != issuer or claims.get("aud") != self.audience:
            raise Untrusted("other issuer or audience")
        if issuer != "gateway" and (principal.kind, principal.subject) != ("service", f"service:{issuer}"):
            raise Untrusted("a service speaks for itself only")
        return principal
