"""The headless twin: simulated seconds a second, beside a bare loop of the ``ocpp`` package."""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ocpp.routing import on
from ocpp.v16 import ChargePoint, call, call_result
from ocpp.v16.datatypes import MeterValue, SampledValue

from tests.bench.measure import Options, Row, full

__all__ = ["bench"]

HOUR, DAY = 3600.0, 86_400.0
ROUND_TRIPS = 1_000


def bench(options: Options) -> Iterator[Row]:
    """An hour of charging and of the fluctuation; with ``EVTUI_FULL=1`` a day, for its memory."""
    seconds = HOUR / 12 if options.quick else HOUR
    times = 1 if options.quick else 5
    trip = statistics.median(bare_round_trip() for _ in range(times))
    for name in ("normal-charging", "repeated-current-fluctuation"):
        costs = [_run(options, name, seconds, number) for number in range(times)]
        cost = statistics.median(each["wall_s"] / each["t_end_s"] for each in costs)
        yield Row(
            f"a simulated second of {name}",
            cost * 1000,
            "ms",
            1.0,
            f"factor {1 / cost:.0f}, median of {times} times {seconds:.0f} s; "
            f"{cost / trip:.1f} bare round trips ({trip * 1000:.2f} ms)",
        )
    if full():
        day = _run(options, "smart-charging-day", DAY, 0)
        note = f"peak of a simulated day, factor {day['t_end_s'] / day['wall_s']:.0f}"
        yield Row("memory of a simulated day", day["peak_mib"], "MiB", 80, note)


MEASURED = """
import sys
from pathlib import Path
from evtui.cli import main
status = main(sys.argv[1:])
# Not ru_maxrss: a child's begins with the size of the process that forked it.
(peak,) = (line for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line)
print(int(peak.split()[1]) / 1024, file=sys.stderr)
sys.exit(status)
"""


def _run(options: Options, scenario: str, seconds: float, number: int) -> dict[str, Any]:
    """The result of a headless run in a process of its own, with ``peak_mib`` of its memory."""
    out = Path(options.home) / f"{scenario}-{number}"
    done = subprocess.run(
        [
            *(sys.executable, "-c", MEASURED, "run", scenario, "--speed", "max", "--seed", "7"),
            *("--duration", f"{seconds:.0f}s", "--out", str(out), "--json", "--quiet"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    result: dict[str, Any] = json.loads(done.stdout)
    result["peak_mib"] = float(done.stderr.splitlines()[-1])
    return result


class _Central(ChargePoint):  # type: ignore[misc]  # the library is untyped
    @on("MeterValues")  # type: ignore[untyped-decorator]
    def on_meter_values(self, **_: Any) -> Any:
        return call_result.MeterValues()


class _Pipe:
    def __init__(self) -> None:
        self.inbox: asyncio.Queue[str] = asyncio.Queue()
        self.other = self

    async def recv(self) -> str:
        return await self.inbox.get()

    async def send(self, text: str) -> None:
        await self.other.inbox.put(text)


def bare_round_trip() -> float:
    """Seconds for one MeterValues with six measurands between two ends of the bare package."""

    async def main() -> float:
        near, far = _Pipe(), _Pipe()
        near.other, far.other = far, near
        station, central = ChargePoint("CP1", near), _Central("CP1", far)
        tasks = [asyncio.create_task(end.start()) for end in (station, central)]
        measurands = ("Current.Import", "Voltage", "Power.Active.Import", "SoC", "Temperature")
        values = [SampledValue(value="1.0", measurand=one) for one in measurands]
        values.append(SampledValue(value="1", measurand="Energy.Active.Import.Register"))
        payload = call.MeterValues(
            connector_id=1,
            meter_value=[MeterValue(timestamp="2026-01-01T00:00:00Z", sampled_value=values)],
        )
        await station.call(payload)
        begun = time.perf_counter()
        for _ in range(ROUND_TRIPS):
            await station.call(payload)
        elapsed = time.perf_counter() - begun
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return elapsed / ROUND_TRIPS

    return asyncio.run(main())
