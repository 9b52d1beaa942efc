"""Numbers of measured sessions that pass for something else."""

from __future__ import annotations

from typing import Any

import pytest

from evtui.power import ChargingCurve, RecordedVehicle, read_curve
from evtui.power.units import unit_of


def session(header: str, *rows: str, **arguments: Any) -> ChargingCurve:
    return read_curve("\n".join([header, *rows]), origin="car.csv", **arguments)


def refused(header: str, *rows: str, **arguments: Any) -> str:
    with pytest.raises(ValueError, match=r"car\.csv|unit") as caught:
        session(header, *rows, **arguments)
    text = str(caught.value)
    assert "\n" not in text
    return text


@pytest.mark.parametrize(
    ("quantity", "column", "name"),
    [
        ("power", "power_w", "W"),
        ("power", "Power_kW", "kW"),
        ("power", "P [W]", "W"),
        ("power", "P (kW)", "kW"),
        ("power", "charger power / W", "W"),
        ("power", "dc.power.kw", "kW"),
        ("power", "grid_MW", "MW"),
        ("power", "power_watts", "W"),
        ("time", "t_ms", "ms"),
        ("time", "time_s", "s"),
        ("time", "Time [min]", "min"),
        ("time", "elapsed seconds", "s"),
        ("time", "t (µs)", "us"),
        ("current", "I_mA", "mA"),
        ("current", "pack_current_A", "A"),
        ("voltage", "U [mV]", "mV"),
        ("voltage", "pack kV", "kV"),
        ("state_of_charge", "soc_pct", "%"),
        ("state_of_charge", "SoC [%]", "%"),
        ("state_of_charge", "soc_fraction", "share"),
    ],
)
def test_a_column_says_its_unit_in_its_name(quantity: str, column: str, name: str) -> None:
    unit = unit_of(quantity, column)
    assert (unit.name, unit.said) == (name, True)


@pytest.mark.parametrize(
    ("quantity", "column", "name"),
    [
        ("power", "power", "kW"),
        ("power", "w", "kW"),
        ("power", "power_dc", "kW"),
        ("power", "grid_mw", "kW"),
        ("time", "t", "s"),
        ("time", "timestamp", "s"),
        ("current", "i_l1", "A"),
        ("voltage", "voltage_min", "V"),
        ("state_of_charge", "soc", "%"),
    ],
)
def test_one_that_says_none_has_the_usual_one(quantity: str, column: str, name: str) -> None:
    unit = unit_of(quantity, column)
    assert (unit.name, unit.said) == (name, False)


@pytest.mark.parametrize(
    ("power", "unit"),
    [("power_w", {}), ("P [W]", {}), ("power", {"power": "W"}), ("power_kw", {"power": "W"})],
)
def test_a_power_in_w_is_a_power_in_w(power: str, unit: dict[str, str]) -> None:
    curve = session(f"t_s,{power}", "0,7360", "60,7300", power=power, unit=unit)
    assert curve.power is not None
    assert list(curve.power) == [7360.0, 7300.0]


def test_what_was_read_before_units_is_read_the_same() -> None:
    curve = session("t,p,u", "0,7.36,379", "60,7.3,380", time="t", power="p", voltage="u")
    assert curve.power is not None
    assert list(curve.power) == pytest.approx([7360.0, 7300.0])


@pytest.mark.parametrize(
    ("time", "unit", "end"),
    [
        ("t_ms", {}, 1.5),
        ("t", {"time": "ms"}, 1.5),
        ("t_s", {}, 1500.0),
        ("t [min]", {}, 90_000.0),
        ("t_ms", {"time": "s"}, 1500.0),
    ],
)
def test_times_are_in_their_unit(time: str, unit: dict[str, str], end: float) -> None:
    curve = session(f"{time},i", "0,10", "1500,10", time=time, current="i", unit=unit)
    assert curve.time[-1] == pytest.approx(end)


@pytest.mark.parametrize(
    ("header", "rows", "arguments", "expected"),
    [
        (
            "t_s,p",
            ("0,7.3", "60,7360"),
            {"power": "p"},
            "car.csv:3: column 'p': expected a number of -1000 to 1000 kW, got '7360'; "
            "if it is in W, say so: unit: {power: W}",
        ),
        (
            "t_s,p_kw",
            ("0,7360000", "60,1"),
            {"power": "p_kw"},
            "car.csv:2: column 'p_kw': expected a number of -5000 to 5000 kW, got '7360000'",
        ),
        (
            "t_s,i",
            ("0,20", "60,20000"),
            {"current": "i"},
            "car.csv:3: column 'i': expected a number of -5000 to 5000 A, got '20000'; if it is",
        ),
        (
            "t_s,i,u",
            ("0,20,379000", "60,20,379000"),
            {"current": "i", "voltage": "u"},
            "car.csv:2: column 'u': expected a number of 1 to 2000 V, got '379000'; if it is in mV",
        ),
        (
            "t_s,i,u",
            ("0,20,0.379", "60,20,0.38"),
            {"current": "i", "voltage": "u"},
            "car.csv:2: column 'u': expected a number of 1 to 2000 V, got '0.379'; if it",
        ),
        (
            "t_s,i,soc",
            ("0,20,0.2", "60,20,0.8"),
            {"current": "i", "state_of_charge": "soc"},
            "car.csv: column 'soc': expected per cent, got numbers up to 0.8; if 1 is full, "
            "say so: unit: {state_of_charge: share}",
        ),
        (
            "t_s,power_w",
            ("0,20", "60,20"),
            {"current": "power_w"},
            "car.csv:1: column 'power_w': its name ends in w, as of a power; where it is the "
            "current, say so: unit: {current: A}",
        ),
        (
            "t_s,energy_kwh",
            ("0,20", "60,20"),
            {"power": "energy_kwh"},
            "car.csv:1: column 'energy_kwh': its name ends in kwh, as of an energy",
        ),
        (
            "t,i",
            ("0,20", "3600000,20"),
            {"time": "t", "current": "i"},
            "car.csv: column 't': expected a session of 7 days at most, got 42; if it is in ms",
        ),
        (
            "t,i",
            ("0,4000", "36000,4000"),
            {"time": "t", "current": "i"},
            "car.csv: expected a charge of 10,000 Ah at most, got 40,000 from 'i' over 't'",
        ),
        (
            "t_s,i",
            ("0,1", "1,1"),
            {"current": "i", "unit": {"current": "W"}},
            "unit: current: exp",
        ),
        (
            "t_s,i",
            ("0,1", "1,1"),
            {"current": "i", "unit": {"power": "W"}},
            "unit: expected time",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_its_place_and_a_way_out(
    header: str, rows: tuple[str, ...], arguments: dict[str, Any], expected: str
) -> None:
    assert refused(header, *rows, **arguments).startswith(expected)


@pytest.mark.parametrize(
    ("header", "rows", "arguments"),
    [
        (
            "t_s,i,soc_pct",
            ("0,20,0.2", "60,20,0.8"),
            {"current": "i", "state_of_charge": "soc_pct"},
        ),
        ("t_s,p_kw", ("0,3750", "60,3700"), {"power": "p_kw"}),
        ("t_s,power_a", ("0,7", "60,7"), {"power": "power_a", "unit": {"power": "kW"}}),
        ("t,i", ("1600000000,10", "1600003600,10"), {"time": "t", "current": "i"}),
        ("t_ms,i", ("1600000000000,10", "1600003600000,10"), {"time": "t_ms", "current": "i"}),
    ],
)
def test_what_is_said_is_taken(
    header: str, rows: tuple[str, ...], arguments: dict[str, Any]
) -> None:
    assert len(session(header, *rows, **arguments).time) == 2


def test_a_share_of_one_becomes_per_cent() -> None:
    arguments = {"current": "i", "state_of_charge": "soc", "unit": {"state_of_charge": "share"}}
    curve = session("t_s,i,soc", "0,20,0.2", "60,20,0.8", **arguments)
    assert curve.state_of_charge is not None
    assert list(curve.state_of_charge) == pytest.approx([20.0, 80.0])


def test_a_battery_never_has_a_negative_voltage() -> None:
    curve = session("t_s,p,u", "0,500,400", "60,500,400", power="p", voltage="u")
    RecordedVehicle(curve)
    curve = session("t_s,i,u", "0,4999,400", "60,4000,400", current="i", voltage="u")
    with pytest.raises(ValueError, match=r"car\.csv: 0 s after .* 400 V and 4,999\.0 A leave -"):
        RecordedVehicle(curve)
