"""The measured sessions that come with evtui."""

from __future__ import annotations

from pathlib import Path

import evtui.scenario
from evtui.power import ChargingCurve, read_curve

CAR1 = "car1_dc_20210505.csv"
"""A strong car from 69 %: 184 A, and almost nothing but taper."""

CAR3 = "car3_dc_20190508.csv"
"""A small car from 36 %: 59 A for an hour, then a taper in steps."""

DATA = Path(evtui.scenario.__file__).parent / "builtin" / "data"


def session(file: str) -> ChargingCurve:
    """One of them, with all that was measured."""
    return read_curve(
        (DATA / file).read_text(encoding="utf-8"),
        current="pack_current_A",
        voltage="pack_voltage_V",
        state_of_charge="soc_pct",
        origin=file,
    )
