"""The local stack's small judgements: back-off, records, ports, logs, stack.json."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from deploy.local import plan, ports, process, rotate, stack
from deploy.local.backoff import LONGEST_S, Backoff
from deploy.local.layout import write_private
from deploy.local.process import Identity
from deploy.local.rabbitmq import password_hash
from deploy.local.records import Record, Records


def test_the_first_death_is_answered_at_once_and_the_next_ones_ever_slower() -> None:
    backoff = Backoff()

    pauses = [backoff.after_death(0.1) for _ in range(9)]

    assert pauses[:4] == [0.0, 0.5, 1.0, 2.0]
    assert pauses[-1] == LONGEST_S


def test_a_steady_life_is_forgiven() -> None:
    backoff = Backoff(failures=6)

    assert backoff.after_death(60.0) == 0.0


def test_a_process_is_not_mistaken_for_a_later_one_with_its_pid() -> None:
    mine = Identity.of(os.getpid())
    assert mine is not None

    assert mine.alive()
    assert not Identity(mine.pid, mine.start - 1).alive()


def test_a_stopped_process_is_gone_and_left_by_itself() -> None:
    child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])

    assert process.stop(child.pid)
    assert Identity.of(child.pid) is None


def test_a_process_that_stands_still_is_let_go_on_and_leaves() -> None:
    child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
    os.kill(child.pid, signal.SIGSTOP)
    assert process.wait_until(lambda: _state(child.pid) == "T", 10)

    assert process.stop(child.pid, patience_s=10)


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_a_process_that_ignores_the_request_is_killed(tmp_path: Path) -> None:
    code = "import signal, pathlib; signal.signal(15, signal.SIG_IGN); pathlib.Path('up').touch(); signal.pause()"
    child = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path)
    assert process.wait_until((tmp_path / "up").exists, 10)

    assert not process.stop(child.pid, patience_s=0.1)
    assert Identity.of(child.pid) is None


def test_only_living_parts_are_adopted(tmp_path: Path) -> None:
    records = Records(tmp_path)
    mine = Identity.of(os.getpid())
    assert mine is not None
    records.write(Record("order", mine.pid, mine.start, 0.0, "abc", 2))
    records.write(Record("notify", mine.pid, mine.start + 1, 0.0, "abc"))
    (tmp_path / "broken.json").write_text("{")

    assert list(records.living()) == ["order"]
    assert records.living()["order"].restarts == 2


def test_a_taken_port_is_passed_over() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]

        assert ports.free_from(taken) > taken
        assert ports.answers(taken)
    assert len(set(ports.any_free(5))) == 5


def test_every_part_gets_a_port_of_its_own(tmp_path: Path) -> None:
    chosen = plan.choose(frozenset(), tmp_path)

    assert set(chosen) == set(plan.WANTED)
    assert len(set(chosen.values())) == len(chosen)


def test_a_running_part_keeps_its_port(tmp_path: Path) -> None:
    with socket.socket() as gateway:
        gateway.bind(("127.0.0.1", 0))
        gateway.listen()
        port = gateway.getsockname()[1]
        write_private(tmp_path / plan.PORTS_FILE, json.dumps(plan.WANTED | {"gateway": port}))

        assert plan.choose(frozenset({"gateway"}), tmp_path)["gateway"] == port
        assert plan.choose(frozenset(), tmp_path)["gateway"] != port


def test_a_private_file_is_replaced_whole_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    path, versions = tmp_path / stack.STACK_FILE, [json.dumps({"n": n, "pad": "x" * 20_000}) for n in range(2)]
    write_private(path, versions[0])
    done = threading.Event()

    def rewrite() -> None:
        for turn in range(200):
            write_private(path, versions[turn % 2])
        done.set()

    writer = threading.Thread(target=rewrite)
    writer.start()
    while not done.is_set():
        assert path.read_text() in versions
    writer.join()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_log_over_its_cap_moves_aside(tmp_path: Path) -> None:
    log = tmp_path / "order.log"
    log.write_text("x" * 100)

    assert not rotate.rotate(log, cap=100)
    assert rotate.rotate(log, cap=99)
    assert (log.stat().st_size, (tmp_path / "order.log.1").stat().st_size) == (0, 100)


def test_the_brokers_password_form_is_the_documented_one() -> None:
    # Worked example of the RabbitMQ documentation: salt 908DC60A, password "test12".
    assert password_hash("test12", bytes.fromhex("908DC60A")) == "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR"


@pytest.mark.parametrize(("seconds", "said"), [(5, "5s"), (300, "5m"), (7200, "2h"), (200000, "2d")])
def test_uptime_reads_as_people_say_it(seconds: float, said: str) -> None:
    from deploy.local.status import lasting

    assert lasting(seconds) == said
