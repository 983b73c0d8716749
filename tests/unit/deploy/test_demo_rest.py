"""The demo's client asks again, under the same key, while a part is away."""

from __future__ import annotations

import httpx2
import pytest

from deploy.local.demo import rest
from deploy.local.demo.rest import Refused, Rest


def client(*answers: httpx2.Response | httpx2.HTTPError) -> tuple[Rest, list[str]]:
    left, keys = list(answers), []

    def answer(request: httpx2.Request) -> httpx2.Response:
        keys.append(request.headers["Idempotency-Key"])
        said = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(said, httpx2.HTTPError):
            raise said
        return said

    return Rest(httpx2.Client(base_url="http://gateway.invalid", transport=httpx2.MockTransport(answer))), keys


def test_a_part_that_comes_back_has_the_command_once() -> None:
    away, busy = httpx2.Response(503), httpx2.Response(409, json={"reason": "IDEMPOTENCY_IN_PROGRESS"})
    api, keys = client(away, httpx2.ConnectError("refused"), busy, httpx2.Response(201, json={"number": "SO1"}))

    assert api.post("/orders") == {"number": "SO1"}
    assert len(keys) == 4
    assert len(set(keys)) == 1


@pytest.mark.parametrize("last", [httpx2.Response(503, text="away"), httpx2.ConnectError("refused")])
def test_a_part_that_stays_away_is_said_to(
    last: httpx2.Response | httpx2.HTTPError, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rest, "AWAY_S", 0.1)
    api, _ = client(last)

    with pytest.raises(Refused):
        api.post("/orders")
