"""What eight cars ask a charger for, measured from captures of their sessions.

``python -m tests.power.ccs_sessions`` prints the numbers of :mod:`evtui.power.cars`, from the
excerpts in ``data/ccs``, whose ORIGIN.md says where they come from.
"""

from __future__ import annotations

import csv
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import NamedTuple

from evtui.power import Vehicle

__all__ = ["CARS", "Measured", "measure"]

FOLDER = Path(__file__).parent / "data" / "ccs"

CARS = tuple(sorted(path.stem for path in FOLDER.glob("*.csv")))

BEGINNING = 6.0
"""s in which every car has come to what it asks for in the end."""

FALL = 5.0
"""A between two messages that count as a fall of the request."""


class Measured(NamedTuple):
    """What one session shows.

    Attributes:
        asks: A that the car asks for once it has settled.
        rise: A/s, from 10 to 90 % of that.
        fall: A/s, the steepest between two messages; None where it never asks for less.
        delay: s from the first CurrentDemand to one of more than 1 A.
        overshoot: share by which it asks for too much at first.
        cells: in series, of the modelled battery at the measured voltage and charge.
        supply: W/s by which the charger's power rises, from 20 to 90 % of the most.
        waits: s from the first CurrentDemand until 1 A flows.
    """

    asks: float
    rise: float
    fall: float | None
    delay: float
    overshoot: float
    cells: int
    supply: float
    waits: float


class _Row(NamedTuple):
    t: float
    phase: str
    asked: float
    current: float
    voltage: float
    soc: float


def _rows(car: str) -> list[_Row]:
    with (FOLDER / f"{car}.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.reader(file))[1:]
    return [
        _Row(float(t), phase, *(float(each or "nan") for each in rest)) for t, phase, *rest in lines
    ]


def _reached(rows: list[_Row], level: float) -> float:
    """s at which the request passes ``level``, on a straight line between two messages."""
    for a, b in pairwise(rows):
        if a.asked < level <= b.asked:
            return a.t + (b.t - a.t) * (level - a.asked) / (b.asked - a.asked)
    return rows[0].t


def measure(car: str) -> Measured:
    """The numbers of one car."""
    rows = [row for row in _rows(car) if row.phase == "CurrentDemand"]
    begun = rows[0].t
    first = [row for row in rows if row.t < begun + BEGINNING]
    asks = median(row.asked for row in first if row.t > begun + BEGINNING - 2.0)
    rise = 0.8 * asks / (_reached(first, 0.9 * asks) - _reached(first, 0.1 * asks))
    falls = [
        (a.asked - b.asked) / (b.t - a.t) for a, b in pairwise(rows) if a.asked - b.asked >= FALL
    ]
    flows = next(row for row in rows if row.current >= 1.0)
    most = max(row.current for row in rows)
    low = next(row for row in rows if row.current >= 0.2 * most)
    high = next(row for row in rows if row.current >= 0.9 * most)
    gained = high.current * high.voltage - low.current * low.voltage
    one_cell = Vehicle(cells=1).open_circuit_voltage(rows[0].soc)
    open_circuit = [row for row in rows if row.t < flows.t][-1].voltage
    return Measured(
        asks=asks,
        rise=rise,
        fall=max(falls, default=None),
        delay=next(row.t for row in rows if row.asked > 1.0) - begun,
        overshoot=max(row.asked for row in first) / asks - 1.0,
        cells=round(open_circuit / one_cell),
        supply=gained / (high.t - low.t),
        waits=flows.t - begun,
    )


if __name__ == "__main__":
    for name in CARS:
        found = measure(name)
        print(f"{name:10}", *(f"{k} {v:.2f}" for k, v in found._asdict().items() if v is not None))
