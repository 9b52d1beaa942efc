"""Reading a measured session from CSV."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.power import ChargingCurve, read_curve
from evtui.power.curve import integral, interpolate
from tests.power.sessions import CAR1, CAR3, DATA, session

finite = st.floats(-1_000.0, 1_000.0)


def read(*rows: str, header: str = "t_s,I,V,soc") -> ChargingCurve:
    """A curve from ``rows`` with a time, a current, a voltage and a state of charge."""
    return read_curve(
        "\n".join([header, *rows]),
        current="I",
        voltage="V",
        state_of_charge="soc",
        origin="car.csv",
    )


def refusal(*rows: str, header: str = "t_s,I,V,soc") -> str:
    """Why ``rows`` are refused."""
    with pytest.raises(ValueError, match=r"^car\.csv") as caught:
        read(*rows, header=header)
    text = str(caught.value)
    assert text.isprintable(), "one line, whatever the file holds"
    return text


def values(curve: ChargingCurve) -> tuple[list[float], list[float]]:
    """Time in s and current in A."""
    assert curve.current is not None
    return list(curve.time), list(curve.current)


# Interpolation


@given(st.lists(st.tuples(finite, finite), min_size=1, max_size=20), st.data())
def test_an_interpolated_value_lies_between_its_neighbours(
    points: list[tuple[float, float]], data: st.DataObject
) -> None:
    xs = sorted(x for x, _ in points)
    ys = [y for _, y in points]
    x = data.draw(st.floats(xs[0], xs[-1]))
    before = [y for at, y in zip(xs, ys, strict=True) if at <= x][-1]
    after = next((y for at, y in zip(xs, ys, strict=True) if at > x), before)
    low, high = sorted((before, after))
    assert low - 1e-6 <= interpolate(xs, ys, x) <= high + 1e-6


@given(st.lists(finite, min_size=1, max_size=20, unique=True), finite)
def test_points_on_a_straight_line_are_interpolated_to_that_line(
    xs: list[float], slope: float
) -> None:
    xs.sort()
    ys = [slope * x for x in xs]
    for x in [*xs, *((a + b) / 2 for a, b in pairwise(xs))]:
        assert interpolate(xs, ys, x) == pytest.approx(slope * x, abs=1e-6)


def test_beyond_its_ends_a_curve_keeps_the_value_of_the_end() -> None:
    assert interpolate([1.0, 2.0], [10.0, 20.0], 0.0) == 10.0
    assert interpolate([1.0, 2.0], [10.0, 20.0], 3.0) == 20.0


@given(st.lists(st.floats(0.0, 100.0), min_size=2, max_size=20))
def test_the_integral_of_what_is_never_negative_never_falls(ys: list[float]) -> None:
    areas = list(integral([float(x) for x in range(len(ys))], ys))
    assert areas == sorted(areas)
    assert areas[-1] == pytest.approx(sum(ys) - (ys[0] + ys[-1]) / 2)


# Reading


def test_a_curve_holds_what_the_columns_say() -> None:
    curve = read("0,50,400,20", "10,60,402.5,21")
    assert values(curve) == ([0.0, 10.0], [50.0, 60.0])
    assert curve.voltage is not None
    assert curve.state_of_charge is not None
    assert list(curve.voltage) == [400.0, 402.5]
    assert list(curve.state_of_charge) == [20.0, 21.0]
    assert (curve.origin, curve.power) == ("car.csv", None)


def test_the_sign_of_charging_does_not_matter_and_the_other_one_is_no_current() -> None:
    rows = ["0,{}50,400,20", "1,{}60,400,20", "2,{}40,400,20"]
    positive = read(*(row.format("") for row in rows), "3,-5,,", "4,10,,")
    negative = read(*(row.format("-") for row in rows), "3,5,,", "4,-10,,")
    assert values(positive) == values(negative) == ([0, 1, 2, 3, 4], [50, 60, 40, 0, 10])


def test_power_is_read_in_kilowatts() -> None:
    curve = read_curve("t_s,P\n0,-20\n1,-21.5\n", power="P")
    assert curve.power is not None
    assert list(curve.power) == [20_000.0, 21_500.0]
    assert curve.current is None


def test_what_comes_before_charging_and_after_it_is_cut_off() -> None:
    rows = ["-10,0,,", "-5,-3,,", "0,0,,", "5,0,400,20", "7,50,400,20", "9,50,400,20", "12,0,,"]
    assert values(read(*rows)) == ([0.0, 2.0], [50.0, 50.0])


def test_a_row_with_an_empty_time_or_current_is_skipped() -> None:
    rows = ["0,50,400,20", ",51,400,20", "1,,400,20", "", "2", "3,52, ,20"]
    assert values(read(*rows)) == ([0.0, 3.0], [50.0, 52.0])


def test_an_empty_voltage_or_state_of_charge_is_interpolated() -> None:
    curve = read("0,50,,20", "1,50,400,", "2,50,,", "3,50,406,23", "4,50")
    assert curve.voltage is not None
    assert curve.state_of_charge is not None
    assert list(curve.voltage) == pytest.approx([400.0, 400.0, 403.0, 406.0, 406.0])
    assert list(curve.state_of_charge) == pytest.approx([20.0, 21.0, 22.0, 23.0, 23.0])


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_a_byte_order_mark_do_not_matter(end: str, mark: str) -> None:
    text = mark + end.join(["t_s,I", "0,50", "1,60"]) + end
    for lines in (text, text.splitlines(keepends=True)):
        assert values(read_curve(lines, current="I")) == ([0.0, 1.0], [50.0, 60.0])


def test_several_rows_of_the_same_time_are_a_step() -> None:
    assert values(read("0,50,,20", "1,50,400,", "1,80,,", "2,80,,"))[0] == [0.0, 1.0, 1.0, 2.0]


@pytest.mark.parametrize("file", [CAR1, CAR3])
def test_the_sessions_that_come_with_evtui_are_small_and_keep_licence_and_origin(file: str) -> None:
    curve = session(file)
    assert (DATA / file).stat().st_size < 60_000
    assert "BatICM" in (DATA / "LICENSE").read_text(encoding="utf-8")
    assert file in (DATA / "ORIGIN.md").read_text(encoding="utf-8")
    assert curve.current
    assert min(curve.current) > 0.0


# What is refused


def test_a_missing_column_is_named_with_those_there_are() -> None:
    text = refusal("0,50,400,20", header="t_s,Current,V,soc")
    assert text == "car.csv:1: no column 'I'; there are 't_s, Current, V, soc'"
    assert refusal("0,1,1,1", header="t_s,I,V,soc_").endswith("did you mean 'soc_'?")


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("x,50,400,20", "t_s"),
        ("1,n/a,400,20", "I"),
        ("1,nan,400,20", "I"),
        ("1,inf,400,20", "I"),
        ("1,50,-400,20", "V"),
        ("1,50,400,120", "soc"),
        ("1,50;,400,20", "I"),
    ],
)
def test_what_is_no_number_is_named_with_line_column_and_value(row: str, column: str) -> None:
    text = refusal("0,50,400,20", row, "2,50,400,20")
    assert text.startswith(f"car.csv:3: column '{column}': expected a number of ")
    cell = row.split(",")[["t_s", "I", "V", "soc"].index(column)]
    assert text.endswith(f"got '{cell}'")


def test_a_time_that_goes_back_is_named() -> None:
    text = refusal("0,50,400,20", "2,50,400,20", "1.5,50,400,20")
    assert text == (
        "car.csv:4: column 't_s': expected at least 2 s as in the row before, got 1.5 s"
    )


@pytest.mark.parametrize("text", ["", "\n\n", "\ufeff"])
def test_an_empty_file_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^car\.csv: empty; expected a line with the columns'"):
        read_curve(text, current="I", origin="car.csv")


@pytest.mark.parametrize(
    "rows", [[], ["0,50,400,20"], ["0,0,400,20", "1,0,400,20"], ["5,50,,20", "5,60,400,"]]
)
def test_fewer_than_two_rows_with_current_are_refused(rows: list[str]) -> None:
    assert "expected at least two rows with current" in refusal(*rows)


def test_a_column_without_any_number_is_refused() -> None:
    assert refusal("0,50,,20", "1,50,,20") == (
        "car.csv: column 'V': expected numbers, got empty cells only"
    )


def test_more_rows_than_fit_are_refused_before_they_fill_the_memory() -> None:
    endless = iter(["t_s,I\n", *("1,50\n" for _ in range(100_001))])
    with pytest.raises(ValueError, match=r"^car\.csv: more than 100,000 rows; leave some out$"):
        read_curve(endless, current="I", origin="car.csv")


def test_current_and_power_exclude_each_other_and_one_is_needed() -> None:
    text = "t_s,I,P\n0,1,1\n1,1,1\n"
    for current, power, got in ((None, None, "none"), ("I", "P", "both")):
        with pytest.raises(ValueError, match=f"current or of the power, got {got}$"):
            read_curve(text, current=current, power=power)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_in_one_line(text: str) -> None:
    message = "car.csv"
    try:
        read_curve("t_s,I\n" + text, current="I", origin="car.csv")
        read_curve(text, current="I", origin="car.csv")
    except ValueError as error:
        message = str(error)
    assert message.startswith("car.csv")
    assert message.isprintable()
