"""Databases that somebody brings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evtui.canbus.database import LARGEST, DatabaseError, load_database
from evtui.events import CanFrame
from evtui.tui.models.meanings import bring, meaning_of, signals_of, values_of
from tests.canbus.databases import DBC, written

LIMITS = 0x18FF50E5


@pytest.fixture(autouse=True)
def _nothing_stays() -> Iterator[None]:
    yield
    bring(None)


def frame(identifier: int, data: str, *, extended: bool = False, station: str = "") -> CanFrame:
    return CanFrame(
        source="",
        station=station,
        bus="can0",
        node="",
        arbitration_id=identifier,
        data=bytes.fromhex(data),
        extended=extended,
    )


@pytest.mark.parametrize("suffix", ["dbc", "kcd", "sym"])
def test_a_database_of_each_format_decodes_frames_of_a_foreign_log(
    suffix: str, tmp_path: Path
) -> None:
    output = frame(0x300, "A00F 18FC 01 000000")
    assert meaning_of(output) is None
    bring(load_database(written(tmp_path, suffix)))
    meaning = meaning_of(output)
    assert meaning is not None
    assert meaning.name == "Output"
    values = {each.name: each.value for each in values_of(output) or ()}
    assert values["Voltage"] == pytest.approx(400.0)
    assert values["Current"] == pytest.approx(-100.0)


def test_names_of_values_and_multiplexed_signals_are_told(tmp_path: Path) -> None:
    bring(load_database(written(tmp_path, "dbc")))
    assert "State Charging" in signals_of(frame(0x300, "A00F 18FC 01 000000"))
    first = signals_of(frame(LIMITS, "01 D007 0000000000", extended=True))
    assert "MaxCurrent 200 A" in first
    assert "MaxVoltage" not in first
    assert signals_of(frame(LIMITS, "07 D007 0000000000", extended=True)) == ""
    assert meaning_of(frame(LIMITS & 0x7FF, "00")) is None


def test_a_frame_that_is_shorter_tells_what_is_there(tmp_path: Path) -> None:
    bring(load_database(written(tmp_path, "dbc")))
    assert signals_of(frame(0x300, "A00F")) == "400 V" or "Voltage 400 V" in signals_of(
        frame(0x300, "A00F")
    )
    assert "Current" not in signals_of(frame(0x300, "A00F"))
    assert signals_of(frame(0x300, "")) == "0 of 8 bytes"


def test_what_the_database_does_not_know_keeps_the_meaning_of_our_protocol(
    tmp_path: Path,
) -> None:
    bring(load_database(written(tmp_path, "dbc")))
    ours = meaning_of(frame(0x210, "6400", station="CP1"))
    assert ours is not None
    assert ours.name == "SetLimit"
    assert meaning_of(frame(0x210, "6400")) is None


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("Output.Current", ["Output.Current"]),
        ("Current", ["Output.Current"]),
        ("Output", ["Output.Current", "Output.State", "Output.Voltage"]),
        ("0x300", ["Output.Current", "Output.State", "Output.Voltage"]),
        ("0x18FF50E5", ["Limits.Kind", "Limits.MaxCurrent", "Limits.MaxVoltage"]),
    ],
)
def test_signals_are_found_by_name_message_or_identifier(
    wanted: str, found: list[str], tmp_path: Path
) -> None:
    signals = load_database(written(tmp_path, "dbc")).signals(wanted)
    assert sorted(f"{each.message}.{each.name}" for each in signals) == found


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ("Output.Curent", "no signal or message of charger.dbc; did you mean Output.Current?"),
        ("0x301", "no signal or message of charger.dbc"),
        ("0xzz", "no signal or message of charger.dbc"),
        ("", "no signal or message of charger.dbc"),
    ],
)
def test_a_signal_that_is_not_there_is_told_with_the_nearest(
    wanted: str, told: str, tmp_path: Path
) -> None:
    with pytest.raises(DatabaseError) as refused:
        load_database(written(tmp_path, "dbc")).signals(wanted)
    assert str(refused.value).startswith(f"{wanted}: {told}")


def test_a_name_that_several_messages_have_wants_the_message_too(tmp_path: Path) -> None:
    path = tmp_path / "two.dbc"
    path.write_text(DBC + 'BO_ 769 Other: 8 Charger\n SG_ Current : 0|8@1+ (1,0) [0|0] "A" X\n')
    with pytest.raises(DatabaseError, match=r"several messages have it: Output.Current, Other"):
        load_database(path).signals("Current")


def test_values_of_signals_that_stand_in_no_message_do_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "left.dbc"
    path.write_text(
        f"{DBC}BO_ 3221225472 VECTOR__INDEPENDENT_SIG_MSG: 0 Vector__XXX\n"
        ' SG_ Gear : 0|3@1+ (1,0) [0|7] "" Vector__XXX\n'
        'VAL_ 3221225472 Gear 0 "P" 1 "R" ;\n'
    )
    assert len(load_database(path)) == 2


def test_what_is_no_database_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "empty.dbc").write_text('VERSION ""\n')
    (tmp_path / "text.dbc").write_text("hello\nworld\n")
    (tmp_path / "text.kcd").write_text("<a>")
    (tmp_path / "text.sym").write_text("hello")
    (tmp_path / "other.txt").write_text(DBC)
    with (tmp_path / "large.dbc").open("wb") as file:
        file.truncate(LARGEST + 1)
    for name, told in {
        "empty.dbc": "no message in it",
        "text.dbc": "no DBC file: ",
        "text.kcd": "no KCD file: ",
        "text.sym": "no SYM file: ",
        "other.txt": "expected a file called .dbc, .kcd or .sym",
        "large.dbc": "is larger than 32 MiB",
        "none.dbc": "no such file or directory",
    }.items():
        with pytest.raises(DatabaseError) as refused:
            load_database(tmp_path / name)
        assert str(refused.value).startswith(f"{tmp_path / name}: {told}")
        assert "\n" not in str(refused.value)


@settings(deadline=None, max_examples=80)
@given(data=st.data())
def test_a_broken_database_is_refused_or_read_and_never_more(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = bytearray(DBC.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        length = data.draw(st.integers(0, 8))
        text[at : at + length] = data.draw(st.binary(max_size=6))
    path = tmp_path_factory.mktemp("dbc") / "x.dbc"
    path.write_bytes(text)
    try:
        bring(load_database(path))
    except DatabaseError as refused:
        told = str(refused)
        return None if "\n" not in told else pytest.fail(told)
    payload = data.draw(st.binary(max_size=8)).hex()
    signals_of(frame(0x300, payload))
    signals_of(frame(LIMITS, payload, extended=True))
    return None
