"""28: whatever the published contract allows, and what it does not, no call makes the running house fail (`make proof`).

Every operation of the OpenAPI is called with generated good and bad requests; 503 counts as a fault here, too, unless the
answer says when to come back.
"""

from __future__ import annotations

import asyncio
import os
import uuid
from collections import Counter
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode

from tests.e2e.client import Api
from tests.e2e.stack import Stack

pytestmark = [
    pytest.mark.timeout(1800),
    pytest.mark.skipif(os.environ.get("ORDERHUB_PROOF") != "1", reason="the whole contract is tried in `make proof`"),
]
EXAMPLES = int(os.environ.get("ORDERHUB_SCHEMATHESIS_EXAMPLES", "25"))
LEFT_OUT = {
    "/api/v1/stream",  # never ends
    "/api/v1/settings/demo:reset",  # its example does what it says: the house of all other tests would be pulled down
}
INTERNAL = ("Traceback", "sqlalchemy", "asyncpg", "SELECT ", "INSERT INTO", "/site-packages/")


def sign_in(stack: Stack) -> str:
    async def token() -> str:
        api = await Api(stack.gateway_url).sign_in("admin", stack.password("admin"))
        await api.close()
        return api.token

    return asyncio.run(token())


def restore_rules(stack: Stack) -> None:
    """Give orders of other tests the usual days back: generated calls set them too."""

    async def put() -> None:
        api = await Api(stack.gateway_url).sign_in("admin", stack.password("admin"))
        try:
            await api.put("/settings/capacity-rule", {"days": 3, "counted": "calendar"})
        finally:
            await api.close()

    asyncio.run(put())


def faults_of(operation: Any, token: str, seen: Counter[int]) -> list[str]:
    """Return what went wrong with one operation over generated requests; count the answers."""
    found: list[str] = []

    @given(case=operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def negative(case: Any) -> None:
        judge(case)

    @given(case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
    @settings(negative._hypothesis_internal_use_settings)  # type: ignore[attr-defined]
    def positive(case: Any) -> None:
        judge(case)

    def judge(case: Any) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        if operation.method.upper() == "POST":
            headers["Idempotency-Key"] = str(uuid.uuid4())
        answer = case.call(headers=headers)
        seen[answer.status_code] += 1
        retried = answer.status_code == 503 and "retry-after" in {name.lower() for name in answer.headers}
        if answer.status_code >= 500 and not retried:
            found.append(
                f"{case.method} {answer.request.url} {case.body!r:.300} -> {answer.status_code} {answer.text[:300]}"
            )
        elif answer.status_code >= 400 and any(word in answer.text for word in INTERNAL):
            found.append(f"{case.method} {case.formatted_path}: {answer.text[:300]}")

    for mode in (negative, positive):
        try:
            mode()
        except Exception as error:  # an operation without anything to spoil has no bad requests
            if "Unsatisfiable" not in type(error).__name__ and "Skip" not in type(error).__name__:
                found.append(f"{operation.label}: {error!r:.500}")
    return found


def test_no_call_makes_the_house_fail(stack: Stack) -> None:
    schema = schemathesis.openapi.from_url(f"{stack.gateway_url}/api/v1/openapi.json")
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) > 100
    seen: Counter[int] = Counter()

    # A session of its own for each: signing out is one of the operations.
    try:
        faults = [
            fault for one in operations if one.path not in LEFT_OUT for fault in faults_of(one, sign_in(stack), seen)
        ]
    finally:
        restore_rules(stack)

    print("\nanswers:", dict(sorted(seen.items())))
    assert faults == []
    assert seen[401] < sum(seen.values()) / 10, seen  # the house itself was tried, not its door
    assert min(seen[200], seen[404], seen[422]) > 50, seen
