"""Measurand lists and SampledValues (OCPP 1.6 sections 3.16, 7.31 to 7.35 and 7.43)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from evtui.ocpp16.validation import check
from evtui.power import PRESETS, preset
from evtui.station.metering.measurands import known_items, parse_items, sampled_values
from evtui.station.metering.readings import Meter, Reading

DC, AC = preset("dc"), preset("ac")
READING = Reading(
    current=31.96,
    voltage=402.0,
    power=12_847.9,
    energy=1234.9,
    soc=55.0,
    temperature=30.0,
    offered=40.0,
    power_offered=16_080.0,
    interval=3.57,
)


def reported(kind: str, *items: str, reading: Reading = READING) -> list[tuple[str, ...]]:
    """(measurand, phase, value, unit) of what a list gives."""
    return [
        (value["measurand"], value.get("phase", ""), value["value"], value["unit"])
        for value in sampled_values(reading, preset(kind), items, "Sample.Periodic")
    ]


def test_a_dc_station_reports_overall_values() -> None:
    assert reported("dc", *known_items(DC)) == [
        ("Current.Import", "", "32.0", "A"),
        ("Current.Offered", "", "40.0", "A"),
        ("Voltage", "", "402.0", "V"),
        ("Power.Active.Import", "", "12847.9", "W"),
        ("Power.Offered", "", "16080.0", "W"),
        ("Energy.Active.Import.Register", "", "1234", "Wh"),
        ("Energy.Active.Import.Interval", "", "3.6", "Wh"),
        ("SoC", "", "55.0", "Percent"),
        ("Temperature", "", "30.0", "Celcius"),
    ]


def test_an_ac_station_reports_current_and_voltage_of_all_phases() -> None:
    assert reported("ac", "Voltage", "Current.Import") == [
        ("Voltage", "L1-N", "402.0", "V"),
        ("Voltage", "L2-N", "402.0", "V"),
        ("Voltage", "L3-N", "402.0", "V"),
        ("Current.Import", "L1", "32.0", "A"),
        ("Current.Import", "L2", "32.0", "A"),
        ("Current.Import", "L3", "32.0", "A"),
    ]


@pytest.mark.parametrize("item", ["Voltage.L2", "Voltage.L2-N"])
def test_an_item_may_name_one_phase(item: str) -> None:
    assert reported("ac", item) == [("Voltage", "L2-N", "402.0", "V")]


def test_a_phase_that_is_named_beside_all_phases_is_reported_once() -> None:
    assert len(reported("ac", "Voltage", "Voltage.L1")) == 3


def test_a_line_that_is_not_switched_on_carries_no_current_but_its_voltage() -> None:
    on_one = replace(READING, phases=1)
    found = reported("ac", "Current.Import", "Current.Offered", "Voltage", reading=on_one)
    assert [value for measurand, _, value, _ in found if measurand == "Voltage"] == ["402.0"] * 3
    assert found[:6] == [
        ("Current.Import", "L1", "32.0", "A"),
        ("Current.Import", "L2", "0.0", "A"),
        ("Current.Import", "L3", "0.0", "A"),
        ("Current.Offered", "L1", "40.0", "A"),
        ("Current.Offered", "L2", "0.0", "A"),
        ("Current.Offered", "L3", "0.0", "A"),
    ]
    unknown = replace(on_one, offered=None)
    assert reported("ac", "Current.Offered", reading=unknown) == []


def test_an_overall_value_says_nothing_about_a_phase() -> None:
    (value,) = sampled_values(READING, AC, ["Power.Active.Import"], "Other")
    assert "phase" not in value


@pytest.mark.parametrize(
    ("item", "location"), [("Temperature", "Body"), ("SoC", "EV"), ("Voltage", "Outlet")]
)
def test_a_value_says_where_it_is_measured(item: str, location: str) -> None:
    (value,) = sampled_values(READING, DC, [item], "Trigger")
    assert (value["location"], value["context"]) == (location, "Trigger")


def test_what_is_not_measured_now_is_left_out() -> None:
    idle = replace(READING, soc=None, offered=None, power_offered=None, interval=None)
    items = ("SoC", "Current.Offered", "Power.Offered", "Energy.Active.Import.Interval")
    assert reported("dc", *items, reading=idle) == []


@pytest.mark.parametrize(("kind", "watts"), [("dc", 16.0 * 400), ("ac", 16.0 * 400 * 3 * 0.98)])
def test_the_power_offered_is_the_current_offered_at_the_voltage_of_now(
    kind: str, watts: float
) -> None:
    meter = Meter(preset(kind))
    meter.report(8.0, 400.0, 0.0)
    reading = meter.read(soc=None, temperature=20.0, offered=16.0)
    assert reading.power_offered == pytest.approx(watts)
    assert meter.read(soc=None, temperature=20.0).power_offered is None


def test_a_list_keeps_its_order_and_takes_blanks_and_any_case() -> None:
    text = " voltage , SOC,Energy.active.import.register"
    assert parse_items(text, DC) == ("Voltage", "SoC", "Energy.Active.Import.Register")
    assert parse_items("", DC) == parse_items("  ", DC) == ()


@pytest.mark.parametrize(
    ("kind", "text", "complaint"),
    [
        ("dc", "RPM", "'RPM' is not measured here; choose from Current.Import, "),
        ("dc", "Voltage,Current.Export", "'Current.Export' is not measured here"),
        ("dc", "Voltage,", "'' is not measured here"),
        ("dc", "Voltage,VOLTAGE", "Voltage comes twice"),
        ("dc", "Voltage.L1", "'Voltage.L1' is not measured here"),
        ("ac", "SoC", "'SoC' is not measured here"),
        ("ac", "Voltage.L4", "'Voltage.L4' is not measured here"),
        ("ac", "Power.Active.Import.L1", "'Power.Active.Import.L1' is not measured here"),
    ],
)
def test_a_list_with_anything_else_is_no_list(kind: str, text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse_items(text, preset(kind))


@given(kind=st.sampled_from(sorted(PRESETS)), data=st.data())
def test_every_known_list_parses_to_itself_and_gives_valid_sampled_values(
    kind: str, data: st.DataObject
) -> None:
    choices = st.lists(st.sampled_from(known_items(preset(kind))), min_size=1, unique=True)
    items = tuple(data.draw(choices))
    assert parse_items(",".join(items), preset(kind)) == items
    context = data.draw(st.sampled_from(["Sample.Clock", "Interruption.Begin", "Other"]))
    values = sampled_values(READING, preset(kind), items, context)
    meter_value = {"timestamp": "2026-01-01T00:00:00Z", "sampledValue": values}
    message = {"connectorId": 1, "meterValue": [meter_value]}
    assert check("MeterValues", "call", message) is None


@given(st.text(max_size=60))
def test_any_text_is_a_list_or_a_complaint_in_one_line(text: str) -> None:
    complaint = ""
    try:
        assert set(parse_items(text, AC)) <= set(known_items(AC))
    except ValueError as error:
        complaint = str(error)
    assert "\n" not in complaint
