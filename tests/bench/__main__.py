"""``python -m tests.bench [name ...] [--quick]``: measures and prints one table."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
import traceback
from pathlib import Path

from tests.bench import (
    anomalies,
    bus,
    busy_bus,
    cpu,
    floods,
    headless,
    latency,
    matrix,
    memory,
    output,
    proxy,
    stalled,
    startup,
    station_memory,
    throughput,
)
from tests.bench.measure import Bench, Options, Row

BENCHES: dict[str, Bench] = {
    "startup": startup.bench,
    "latency": latency.bench,
    "output": output.bench,
    "cpu": cpu.bench,
    "busy-bus": busy_bus.bench,
    "stalled": stalled.bench,
    "memory": memory.bench,
    "floods": floods.bench,
    "headless": headless.bench,
    "anomalies": anomalies.bench,
    "matrix": matrix.bench,
    "throughput": throughput.bench,
    "proxy": proxy.bench,
    "bus": bus.bench,
    "station-memory": station_memory.bench,
}


def main() -> int:
    """Run the benches; the exit code says whether they ran, the table how they went.

    One that breaks costs the others nothing.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(BENCHES))
    parser.add_argument("--quick", action="store_true", help="fewer and shorter runs")
    chosen = parser.parse_args()
    unknown = set(chosen.names) - set(BENCHES)
    if unknown:
        parser.error(f"no bench {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}")
    since = time.monotonic()
    rows: list[Row] = []
    broken: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for name in chosen.names or BENCHES:
            print(f"{name} …", file=sys.stderr, flush=True)
            try:
                rows += BENCHES[name](Options(Path(folder), quick=chosen.quick))
            except Exception:
                traceback.print_exc()
                broken.append(name)
    print(_table(rows))
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"\n{time.monotonic() - since:.0f} s, {os.cpu_count()} cores, load average {load}")
    if broken:
        print(f"broken: {', '.join(broken)}", file=sys.stderr)
    return 1 if broken else 0


def _table(rows: list[Row]) -> str:
    lines = [("what", "measured", "target", "verdict", "note")]
    for row in rows:
        target = "" if row.target is None else f"{row.target:g} {row.unit}"
        verdict = "" if row.target is None else "ok" if row.measured <= row.target else "MISSED"
        lines.append((row.what, f"{row.measured:.3g} {row.unit}", target, verdict, row.note))
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    return "\n".join(
        f"{what:{widths[0]}}  {measured:>{widths[1]}}  {target:>{widths[2]}}  "
        f"{verdict:{widths[3]}}  {note}".rstrip()
        for what, measured, target, verdict, note in lines
    )


if __name__ == "__main__":
    sys.exit(main())
