"""The lab in virtual time: no sockets, no waiting, and the same every time."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable

import msgspec

from evtui.config import Settings
from evtui.events import Event, OcppMessage, Sample, TransactionState
from evtui.lab import Lab
from evtui.runtime.clock import LoopClock
from evtui.runtime.virtual import run_virtual

START_UTC = 1_767_225_600.0


def run_lab(seconds: float, orders: dict[float, str], **settings: object) -> list[Event]:
    """Events of a lab that is given ``orders`` at their times."""

    async def main() -> list[Event]:
        loop = asyncio.get_running_loop()
        lab = Lab(
            Settings(**settings),  # type: ignore[arg-type]
            LoopClock(loop, START_UTC),
            link="memory",
        )
        events: list[Event] = []
        lab.stream.subscribe(events.append)
        stop = asyncio.Event()
        running = loop.create_task(lab.run(stop))
        for at, order in orders.items():
            await asyncio.sleep(at - loop.time())
            await lab.execute(order)
        await asyncio.sleep(seconds - loop.time())
        stop.set()
        await running
        return events

    return run_virtual(main())


def test_a_charging_session_goes_its_way_in_virtual_time() -> None:
    events = run_lab(120, {2: "station.charge", 100: "station.charge"})
    assert [e.state for e in events if isinstance(e, TransactionState)] == ["started", "stopped"]
    samples = [event for event in events if isinstance(event, Sample)]
    assert max(sample.current for sample in samples) > 99
    assert samples[-1].current == 0.0
    metered = [e for e in events if isinstance(e, OcppMessage) and e.action == "MeterValues"]
    assert len(metered) == 98 * 4  # every second; call and result, sent and delivered


def test_message_and_transaction_ids_come_from_the_seed() -> None:
    events = run_lab(5, {2: "station.charge"}, seed=255)
    messages = [event for event in events if isinstance(event, OcppMessage)]
    assert messages[0].uid == "ff-1"
    started = next(event for event in events if isinstance(event, TransactionState))
    assert started.transaction_id == 1


def test_nothing_takes_effect_late_both_ends_see_a_message_at_the_same_moment() -> None:
    sent: dict[tuple[str, str], float] = {}
    for event in run_lab(30, {2: "anomaly.start"}):
        if isinstance(event, OcppMessage):
            key = (event.uid, event.kind)
            if event.phase == "sent":
                sent[key] = event.t
            else:
                assert event.t == sent[key]


FINGERPRINT = """
import hashlib, msgspec
from tests.test_lab_memory import run_lab
events = run_lab(120, {2: "anomaly.start", 60: "anomaly.variant"}, seed=7, jitter=0.5)
print(len(events), hashlib.sha256(msgspec.json.encode(events)).hexdigest())
"""


def test_every_event_is_the_same_whatever_the_hash_seed_time_zone_and_locale() -> None:
    def fingerprint(**environ: str) -> str:
        return subprocess.run(
            [sys.executable, "-c", FINGERPRINT],
            env=os.environ | environ,
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    first = fingerprint(PYTHONHASHSEED="1", TZ="UTC", LC_ALL="C")
    assert int(first.split()[0]) > 3_000
    assert fingerprint(PYTHONHASHSEED="2", TZ="Asia/Kathmandu", LC_ALL="C.UTF-8") == first


def test_another_seed_draws_another_jitter() -> None:
    def times(seed: int) -> list[float]:
        events = run_lab(60, {2: "anomaly.start"}, seed=seed, jitter=0.5)
        return [
            e.t for e in events if isinstance(e, OcppMessage) and e.action == "SetChargingProfile"
        ]

    assert times(1) != times(2)
    assert times(1) == times(1)


def test_every_event_can_be_written_as_json() -> None:
    encode: Callable[[object], bytes] = msgspec.json.encode
    assert all(encode(event) for event in run_lab(20, {2: "anomaly.start"}))
