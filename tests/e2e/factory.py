"""A small motor maker with names of its own, so that stories on one stack never meet."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from tests.e2e.client import Api, Json


@dataclass(frozen=True)
class Factory:
    """Items, routings, a customer and stock: copper wire is five metres short for the story's order."""

    suffix: str
    customer_id: str
    motor: str
    controller: str
    cable: str
    copper: str
    magnet: str


async def build(api: Api) -> Factory:
    """Make the master data; A and B are made, C is bought, A has a sub-assembly."""
    suffix = uuid.uuid4().hex[:8].upper()
    code = {name: f"{name}-{suffix}" for name in ("A", "B", "C", "ROTOR", "CU", "MAG", "PCB", "RT-A", "RT-B", "RT-R")}
    for key, name, unit, supply in (
        ("A", "A电机", "台", "make"),
        ("B", "B控制器", "台", "make"),
        ("C", "C线缆", "件", "buy"),
        ("ROTOR", "转子", "件", "make"),
        ("CU", "铜线", "m", "buy"),
        ("MAG", "磁钢", "件", "buy"),
        ("PCB", "电路板", "件", "buy"),
    ):
        await api.put(f"/items/{code[key]}", {"name": name, "unit": unit, "supply": supply})
    for routing, steps in (("RT-A", ("绕线", "装配", "测试")), ("RT-B", ("贴片", "装配")), ("RT-R", ("压装",))):
        operations = [
            {"sequence": 10 * n, "code": f"OP{n}", "name": step, "work_center": f"WC-{step}"}
            for n, step in enumerate(steps, 1)
        ]
        await api.put(f"/routings/{code[routing]}", {"operations": operations})
    await api.put(f"/boms/{code['ROTOR']}", _bom(code["RT-R"], (code["MAG"], "4")))
    await api.put(f"/boms/{code['A']}", _bom(code["RT-A"], (code["CU"], "7.5"), (code["ROTOR"], "1")))
    await api.put(f"/boms/{code['B']}", _bom(code["RT-B"], (code["PCB"], "1"), (code["CU"], "2.5")))
    opening = {"CU": "12.5", "MAG": "100", "PCB": "50", "C": "100"}
    lines = [{"item_code": code[key], "quantity": quantity} for key, quantity in opening.items()]
    await api.post("/stock/movements", {"kind": "receipt", "lines": lines, "reason": "opening"})
    customer: Json = await api.post(
        "/customers", {"name": f"苏州测试客户{suffix}", "contacts": [{"name": "李工", "phone": phone(suffix)}]}
    )
    return Factory(suffix, customer["id"], code["A"], code["B"], code["C"], code["CU"], code["MAG"])


def _bom(routing: str, *lines: tuple[str, str]) -> Json:
    return {
        "routing_code": routing,
        "lines": [{"component": item, "quantity_per": quantity} for item, quantity in lines],
    }


def phone(suffix: str) -> str:
    """Return a mobile number that belongs to this suffix."""
    return f"139{int(suffix, 16) % 100_000_000:08d}"
