"""A lab whose central system is to be killed: ``python -m tests.e2e.central_system``.

It has a charge point of its own, which with ``--charge`` has a transaction as soon as it is
accepted.  Says ``listening`` when stations can come, and ``charging`` when that has started.
"""

from __future__ import annotations

import argparse
import asyncio

from evtui import Lab, Settings


async def run(settings: Settings, charge: bool) -> None:
    """Serve until killed."""
    lab = Lab(settings)
    stop = asyncio.Event()
    running = asyncio.create_task(lab.run(stop))
    await lab.central_system.ready.wait()
    print("listening", flush=True)
    if charge:
        await lab.central_system.wait_for(settings.id)
        await lab.execute("station.charge")
        await lab.central_system.until(
            lambda: [
                one
                for one in lab.central_system.transactions.open(settings.id)
                if len(one.meter_values) > 2
            ]
        )
        print("charging", flush=True)
    await running


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--state", required=True)
    parser.add_argument("--charge", action="store_true")
    given = parser.parse_args()
    settings = Settings(port=given.port, state=given.state, id="OWN", meter_interval=0.2)
    asyncio.run(run(settings, given.charge))


if __name__ == "__main__":
    main()
