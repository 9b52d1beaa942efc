"""A charge point in a process of its own, to be killed: ``python -m tests.e2e.charge_point``.

Two connectors with vehicles plugged in, started by the central system or with ``--swipe`` at the
station, by chance, and the power stage of the preset ``seed``, which has many Wh to lose after a
second.  Standard output tells
what it has done, a line each: ``message JSON`` when a message of a transaction has been
committed to the state file, and ``sample CONNECTOR UNIX_S`` for each step of a power stage.
"""

from __future__ import annotations

import argparse
import asyncio
import random
from contextlib import suppress
from unittest.mock import patch

import msgspec

from evtui import CommandError, Lab, Settings
from evtui.events import Event, Sample
from evtui.station.state.store import QueuedMessage, StateStore
from tests.e2e.books import overheard

IDENTITY = "CP1"
CONNECTORS = (1, 2)


def tell(line: str) -> None:
    """Say it now: there may be no later."""
    print(line, flush=True)


def tell_message(message: QueuedMessage) -> None:
    """Say what has joined the queue."""
    tell(f"message {msgspec.json.encode(message).decode()}")


async def run(settings: Settings, swipe: str | None) -> None:
    """Charge until killed."""
    lab = Lab(settings)

    def on_event(event: Event) -> None:
        if isinstance(event, Sample):
            tell(f"sample {event.connector} {lab.clock.start_utc + event.t}")

    lab.stream.subscribe(on_event, Sample)
    running = asyncio.create_task(lab.run(asyncio.Event()))
    if swipe is not None:
        chance = random.Random(f"swipe {swipe}")
        while not running.done():
            await asyncio.sleep(chance.uniform(0.1, 0.8))
            with suppress(CommandError):
                await lab.execute("station.swipe", connector=chance.choice(CONNECTORS))
    await running


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--csms", required=True)
    parser.add_argument("--state", required=True)
    parser.add_argument("--after-crash", choices=("Reboot", "PowerLoss"), default="Reboot")
    parser.add_argument("--meter-interval", type=float, default=0.2)
    parser.add_argument("--swipe", metavar="SEED")
    given = parser.parse_args()
    settings = Settings(
        csms=given.csms,
        state=given.state,
        after_crash=given.after_crash,
        meter_interval=given.meter_interval,
        id=IDENTITY,
        connectors=len(CONNECTORS),
    )
    with patch.object(StateStore, "add", overheard(tell_message)):
        asyncio.run(run(settings, given.swipe))


if __name__ == "__main__":
    main()
