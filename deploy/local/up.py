"""`make up`: from whatever state to a ready stack, safe to repeat."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from deploy.local import (
    demo_reset,
    fleet,
    health,
    keys,
    layout,
    migrations,
    plan,
    ports,
    process,
    records,
    start,
    turns,
)
from deploy.local.fleet import base_env
from deploy.local.layout import LocalError, write_private
from deploy.local.plan import PORTS_FILE, Plan
from deploy.local.records import Records
from deploy.local.supervisor import NAME

READY_S = 90.0


def main() -> None:
    """Decide, bring up, welcome."""
    began = time.monotonic()
    layout.RUN.mkdir(parents=True, exist_ok=True)
    with exclusive():
        wanted = decide()
        bring_up(wanted, records.of_run())
        welcome(wanted, time.monotonic() - began)


@contextmanager
def exclusive() -> Iterator[None]:
    """Let one `make up` run at a time in this clone, and one at a time choose among the usual ports."""
    with turns.alone(layout.RUN / "up.lock"), turns.choosing_ports(usual=layout.RUN == layout.HOME_RUN):
        yield


def decide() -> Plan:
    """Return the plan: secrets kept or made, ports chosen and written down."""
    secrets = keys.load(layout.RUN / "secrets.json")
    chosen = plan.choose(frozenset(records.of_run().living()))
    for sentence in plan.moved(chosen):
        step(sentence)
    ports.reserve(chosen.values())
    write_private(layout.RUN / PORTS_FILE, json.dumps(chosen, indent=1))
    if layout.state_directory() != layout.RUN / "state":
        step(f"the databases live in {layout.state_directory().parent}: their account can't reach this clone")
    return plan.load(secrets, chosen)


def bring_up(wanted: Plan, kept: Records) -> None:
    """Go from whatever state to a ready stack with its demo factory."""
    retire_supervisor(kept)
    start_servers(wanted, kept)
    began, anew = time.monotonic(), profile() == "demo" and demo_reset.resume(wanted, kept)
    if anew:
        step("the demo factory was wiped")
    prepare(wanted)
    step("starting the services")
    start_supervisor(wanted)
    wait_ready(wanted)
    load_demo(wanted)
    if anew:
        demo_reset.finish(wanted, began)


def retire_supervisor(kept: Records) -> None:
    """Ask the old supervisor to leave without touching what runs; the new one adopts it."""
    found = kept.read(NAME)
    if found and found.alive():
        process.stop(found.pid, sign=signal.SIGHUP, patience_s=60.0)


def start_servers(wanted: Plan, kept: Records) -> None:
    """Start Postgres and RabbitMQ where they do not run; services wait for what they prepare."""
    living = kept.living()
    for part in fleet.parts(wanted):
        found = living.get(part.name)
        if part.name not in ("postgres", "rabbitmq") or (found and found.fingerprint == part.fingerprint()):
            continue
        if found:  # other settings, as with TLS switched on: what comes next must find the new server
            start.stop(part.name, kept, wanted)
        step(f"starting {part.name} on port {part.port}")
        process.wait_until(lambda: not wanted.postgres.orphans(), 10.0)
        start.start(part, wanted, kept)


def prepare(wanted: Plan) -> None:
    """Databases and broker side by side: neither needs the other."""
    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(prepare_databases, wanted), pool.submit(prepare_broker, wanted)]
        for job in jobs:
            job.result()
    if fleet.mutual_tls():
        from deploy.local import internal_ca  # here: an X.509 library few stacks need

        internal_ca.renew(wanted.run / "mtls")


def prepare_databases(wanted: Plan) -> None:
    """Wait for Postgres and migrate; a demo gets its administrator."""
    if not wanted.outside_postgres:
        wanted.postgres.wait_ready()
    if migrations.migrate(wanted):
        make_admin(wanted)
        step("databases migrated")


def prepare_broker(wanted: Plan) -> None:
    """Wait for the broker and declare its topology."""
    if not wanted.outside_amqp:
        wanted.rabbitmq.wait_ready()
    migrations.topology(wanted)


def make_admin(wanted: Plan) -> None:
    """Create the demo's administrator; production uses `make admin`."""
    if profile() != "demo":
        return
    done = subprocess.run(
        [sys.executable, "-m", "gateway_service", "create-admin", "--username", "admin"],
        env=fleet.service_env("gateway", wanted), cwd=layout.ROOT, input=wanted.secrets.people["admin"] + "\n",
        text=True, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    if done.returncode:
        raise LocalError(f"The administrator could not be created: {(done.stderr or done.stdout).strip()[-300:]}")


def ours() -> dict[str, str]:
    """Return the settings of ours in this environment."""
    return {key: value for key, value in os.environ.items() if key.startswith("ORDERHUB_")}


def profile() -> str:
    """Return the profile: demo unless told otherwise."""
    return os.environ.get("ORDERHUB_PROFILE") or "demo"


def start_supervisor(wanted: Plan) -> None:
    """Start the supervisor on its own; it starts the services."""
    log = wanted.run / "logs" / "supervisor.log"
    process.spawn([sys.executable, "-m", "deploy.local.supervisor"], env=base_env() | ours(), log=log, cwd=layout.ROOT)


def wait_ready(wanted: Plan) -> None:
    """Wait until the gateway says it is ready; say which part keeps it when it does not get there."""
    if process.wait_until(lambda: ready(wanted), READY_S):
        return
    ill = [part.name for part in fleet.parts(wanted) if not health.healthy(part, wanted)]
    names = ", ".join(ill) or "gateway"
    raise LocalError(f"Not ready after {READY_S:.0f} s: {names}. See .run/logs/, or run `make doctor`.")


def ready(wanted: Plan) -> bool:
    """Say whether every part runs today's code (an old gateway also answers while it is being replaced) and all is well."""
    living = records.of_run().living()
    current = {part.name: part.fingerprint() for part in fleet.parts(wanted)}
    if any(name not in living or living[name].fingerprint != mark for name, mark in current.items()):
        return False
    status, answer = health.fetched(f"{wanted.gateway_url}/readyz")
    return status == 200 and "degraded" not in json.dumps(answer)


def load_demo(wanted: Plan) -> None:
    """Load the demo factory once; production gets none."""
    marker = wanted.run / "demo.loaded"
    if profile() != "demo" or marker.exists():
        return
    step("loading the demo factory")
    migrations.run(
        [sys.executable, "-m", "deploy.local.demo.load"],
        base_env() | ours(),
        wanted.run / "logs" / "demo.log",
        "Loading the demo factory",
    )
    marker.touch()


def welcome(wanted: Plan, seconds: float) -> None:
    """Print addresses, the demo's logins and what to do next."""
    print(f"\nOrderHub is ready ({seconds:.1f} s).\n")
    print(f"  web and API   {wanted.public_url or wanted.gateway_url}")
    print(f"  API pages     {wanted.gateway_url}/docs")
    print(f"  notify sink   {wanted.sink_url}")
    print("  details       .run/stack.json\n")
    if profile() == "demo":
        for role, word in wanted.secrets.people.items():
            print(f"  {role:<20} password {word}")
        print("\n  (the demo user name is the role's name)")
    print("  next: make demo · make status · make down")


def step(text: str) -> None:
    """Print what is being done."""
    print(f"  {text}", flush=True)


if __name__ == "__main__":
    try:
        main()
    except LocalError as error:
        sys.exit(f"orderhub: {error}")
    except KeyboardInterrupt:
        sys.exit("orderhub: interrupted; `make up` again goes on from here.")
