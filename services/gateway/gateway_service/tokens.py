"""Tokens: ten-minute signed access tokens, opaque secrets kept only as SHA-256."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections import OrderedDict
from dataclasses import dataclass

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from chassis.clock import Clock

ALGORITHM = "Ed25519"
AUDIENCE = "orderhub-api"
ISSUER = "gateway"
ACCESS_SECONDS = 600
SECRET_BYTES = 32
CACHED = 4096


@dataclass(frozen=True, slots=True)
class Access:
    """What an access token says."""

    username: str
    roles: frozenset[str]
    session: str
    expires_at: int


def new_secret(prefix: str) -> str:
    """Return a fresh 256-bit secret; the prefix says what it is for."""
    return f"{prefix}_{secrets.token_urlsafe(SECRET_BYTES)}"


def digest(secret: str) -> bytes:
    """Return what is stored of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


class AccessTokens:
    """Signs and reads access tokens with the gateway's own key; their audience is the API, never a service."""

    def __init__(self, key: str, clock: Clock) -> None:
        self._key = OKPKey.import_key(json.loads(key))
        self._seal = hashlib.sha256(b"csrf:" + json.loads(key)["d"].encode()).digest()
        self._clock = clock
        self._read: OrderedDict[str, Access] = OrderedDict()

    def issue(self, username: str, roles: frozenset[str], session: str) -> str:
        """Return a token good for ten minutes."""
        now = int(self._clock.now().timestamp())
        claims = {
            "iss": ISSUER, "aud": AUDIENCE, "sub": username, "roles": sorted(roles), "sid": session,
            "iat": now, "exp": now + ACCESS_SECONDS,
        }  # fmt: skip
        return jwt.encode({"alg": ALGORITHM}, claims, self._key, algorithms=[ALGORITHM])

    def read(self, token: str) -> Access | None:
        """Return what a token says; None when it is forged, foreign or over."""
        access = self._read.get(token) or self._verified(token)
        if access is None or access.expires_at <= self._clock.now().timestamp():
            return None
        return access

    def _verified(self, token: str) -> Access | None:
        try:
            claims = jwt.decode(token, self._key, algorithms=[ALGORITHM]).claims
            if claims["iss"] != ISSUER or claims["aud"] != AUDIENCE:
                return None
            access = Access(claims["sub"], frozenset(claims["roles"]), claims["sid"], int(claims["exp"]))
        except (JoseError, KeyError, TypeError, ValueError):
            return None
        self._read[token] = access
        if len(self._read) > CACHED:
            self._read.popitem(last=False)
        return access

    def csrf(self, session: str) -> str:
        """Return the token a browser must send beside its cookies."""
        return hmac.new(self._seal, session.encode(), hashlib.sha256).hexdigest()
