"""Tracking tokens."""

from __future__ import annotations

from uuid import UUID

import pytest

from order_service.domain.tracking import is_genuine, order_id_in, tracking_token

KEY = bytes(range(32))
ORDER = UUID("01977c1e-0000-7000-8000-000000000001")


def test_a_token_names_its_order_and_is_the_same_every_time() -> None:
    token = tracking_token(KEY, ORDER, 0)

    assert token == tracking_token(KEY, ORDER, 0)
    assert order_id_in(token) == ORDER
    assert is_genuine(KEY, token, ORDER, 0)


def test_raising_the_epoch_revokes_the_link() -> None:
    assert not is_genuine(KEY, tracking_token(KEY, ORDER, 0), ORDER, 1)


def test_another_key_makes_another_token() -> None:
    assert not is_genuine(KEY, tracking_token(bytes(32), ORDER, 0), ORDER, 0)


def test_altering_any_letter_leads_nowhere() -> None:
    token = tracking_token(KEY, ORDER, 0)
    for n, letter in enumerate(token):
        altered = token[:n] + ("A" if letter != "A" else "B") + token[n + 1 :]
        found = order_id_in(altered)
        assert found is None or not is_genuine(KEY, altered, found, 0)


@pytest.mark.parametrize("token", ["", "x", "单" * 44, "=" * 44, "A" * 43, "A" * 45, "/" * 44, "\x00" * 44])
def test_garbage_is_no_token(token: str) -> None:
    found = order_id_in(token)
    assert found is None or not is_genuine(KEY, token, found, 0)
