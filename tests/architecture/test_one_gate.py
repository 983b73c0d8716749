"""Orders come in by one command and no other path (S13)."""

from __future__ import annotations

import re

import pytest

from tests.architecture.test_words import ROOT, tracked

SOURCES = {
    str(path.relative_to(ROOT)): path.read_text()
    for path in tracked("services", "deploy", "ops")
    if path.suffix in {".py", ".sql", ".sh"}
}
GATE = [
    (r"INTO\s+customer_order\b(?!_)", {"services/order/order_service/adapters/order_rows.py"}),
    (r"\bINSERT_HEADER\b(?!\s*=)", {"services/order/order_service/adapters/orders.py"}),
    (r"\borders\.add\(", {"services/order/order_service/app/submit_order.py"}),
    (r"await submit_order\(submission", {"services/order/order_service/entrypoints/submissions.py"}),
    (r"\borders\.SubmitOrder\b", {
        "services/gateway/gateway_service/routes/orders.py", "services/gateway/gateway_service/form_orders.py",
    }),
]  # fmt: skip


@pytest.mark.parametrize(("step", "places"), GATE, ids=[step for step, _ in GATE])
def test_orders_pass_one_gate(step: str, places: set[str]) -> None:
    found = {name for name, source in SOURCES.items() if re.search(step, source)}

    assert found == places


def test_nothing_but_the_order_service_names_its_table() -> None:
    named = {
        name for name, source in SOURCES.items() if re.search(r"\b(INTO|UPDATE|FROM|JOIN) customer_order\b", source)
    }

    assert {name for name in named if not name.startswith("services/order/")} == set()
