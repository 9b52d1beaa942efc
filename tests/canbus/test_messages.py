"""Frames by the names of a DBC, with values for its signals."""

from __future__ import annotations

import pytest
from cantools.database.can import Database, Message, Signal
from cantools.database.conversion import BaseConversion
from hypothesis import given
from hypothesis import strategies as st

from evtui.canbus import Frame, compose, message_form, message_forms, value_text
from evtui.canbus.packs.seed import SEED

DBC = """VERSION ""
BU_: Ctl Mod
BO_ 2566848512 Status: 8 Mod
 SG_ Mode M : 0|8@1+ (1,0) [0|3] "" Ctl
 SG_ Volts m0 : 16|16@1+ (0.1,0) [0|1000] "V" Ctl
 SG_ Amps m0 : 32|16@1- (0.1,0) [-300|300] "A" Ctl
 SG_ Heat m1 : 16|8@1+ (1,-40) [-40|120] "C" Ctl
BO_ 100 Order: 3 Ctl
 SG_ Go : 0|1@1+ (1,0) [0|0] "" Mod
 SG_ Speed : 15|16@0+ (0.5,100) [100|400] "A/s" Mod
CM_ BO_ 100 "What to
do.";
BA_DEF_ BO_ "GenMsgCycleTime" INT 0 65535;
BA_DEF_ SG_ "GenSigStartValue" FLOAT 0 100000;
BA_DEF_DEF_ "GenMsgCycleTime" 0;
BA_DEF_DEF_ "GenSigStartValue" 0;
BA_ "GenMsgCycleTime" BO_ 100 250;
BA_ "GenSigStartValue" SG_ 100 Speed 20;
VAL_ 2566848512 Mode 0 "measured" 1 "warm" 2 "nothing" ;
VAL_ 100 Go 0 "no" 1 "yes" ;
"""


@pytest.fixture(name="dbc", scope="module")
def _dbc() -> Database:
    read = Database()
    read.add_dbc_string(DBC)
    return read


def test_a_frame_says_what_was_asked_for() -> None:
    assert compose(SEED.database, "SetLimit", {"Limit": 100}) == (
        Frame(0x210, b"\x64\x00"),
        {"Limit": 100},
    )
    assert compose(SEED.database, "StartCharging", {}) == (Frame(0x200), {})


def test_what_nobody_says_has_its_start_value_or_what_it_was_before(dbc: Database) -> None:
    frame, values = compose(dbc, "Order", {"Go": "yes"})
    assert values == {"Go": 1, "Speed": 110}  # GenSigStartValue is a raw one, 20
    assert dbc.decode_message("Order", frame.data) == {"Go": "yes", "Speed": 110}
    before = {"Go": 1.0, "Speed": 200.0}
    assert compose(dbc, "Order", {"Go": 0}, before=before)[1] == {"Go": 0, "Speed": 200}


def test_of_a_multiplexed_message_only_what_is_selected_is_sent(dbc: Database) -> None:
    frame, values = compose(dbc, "Status", {"Mode": "measured", "Volts": 400.04, "Amps": -12.5})
    assert values == {"Mode": 0, "Volts": 400.0, "Amps": -12.5}
    assert (frame.arbitration_id, frame.extended, len(frame.data)) == (0x18FF0000, True, 8)
    assert compose(dbc, "Status", {"Mode": 1, "Heat": 25})[0].data[:3] == bytes((1, 0, 65))
    with pytest.raises(ValueError, match="Status: Heat is sent while Mode is 1 only"):
        compose(dbc, "Status", {"Mode": 0, "Heat": 25})
    assert compose(dbc, "Status", {"Mode": 2})[1] == {"Mode": 2}


def test_the_ranges_of_the_dbc_are_checked_unless_one_says_so(dbc: Database) -> None:
    why = "Limit: 501 is not 0 to 500 A as the DBC has it; limits: false sends it all the same"
    with pytest.raises(ValueError, match=why):
        compose(SEED.database, "SetLimit", {"Limit": 501})
    assert compose(SEED.database, "SetLimit", {"Limit": 501}, limits=False)[0].data == b"\xf5\x01"
    with pytest.raises(ValueError, match="65536 does not fit into 16 bits, which hold 0 to 65535"):
        compose(SEED.database, "SetLimit", {"Limit": 65536}, limits=False)
    assert compose(dbc, "Status", {"Amps": -3276.8}, limits=False)[0].data[4:6] == b"\x00\x80"


@pytest.mark.parametrize(
    ("message", "signals", "why"),
    [
        ("SetLimt", {}, "no message 'SetLimt' in the DBC; did you mean SetLimit?"),
        ("SetLimit", {"limits": 1}, "SetLimit has no signal 'limits'; did you mean Limit?"),
        ("StartCharging", {"Limit": 1}, "StartCharging has no signals, got Limit"),
        ("SetLimit", {"Limit": "much"}, "Limit: no value 'much'; it takes 0 to 500 A"),
        ("SetLimit", {"Limit": True}, "Limit: expected a number, 0 to 500 A, got True"),
        ("SetLimit", {"Limit": float("nan")}, "Limit: expected a number, 0 to 500 A, got nan"),
        ("SetLimit", {"Limit": [1]}, r"Limit: expected a number, 0 to 500 A, got \[1\]"),
    ],
)
def test_what_cannot_be_said_is_refused_with_the_way_out(
    message: str, signals: dict[str, object], why: str
) -> None:
    with pytest.raises(ValueError, match=why.replace("?", r"\?")):
        compose(SEED.database, message, signals)


def test_a_name_that_is_no_value_gets_the_nearest_one(dbc: Database) -> None:
    with pytest.raises(ValueError, match=r"Mode: no value 'warmer'; did you mean warm\?"):
        compose(dbc, "Status", {"Mode": "warmer"})


def test_the_forms_tell_all_that_a_person_needs_to_know(dbc: Database) -> None:
    order = message_form(dbc, "Order")
    assert (order.id_text, order.period, order.sender) == ("064", 0.25, "Ctl")
    assert order.comment == "What to do."
    go, speed = order.signals
    assert (go.low, go.high, go.stated, go.names) == (None, None, "0 to 1", {"no": 0, "yes": 1})
    assert (speed.stated, speed.start, speed.unit) == ("100 to 400 A/s", 110, "A/s")
    assert [value_text(go, 1), value_text(speed, 110.5)] == ["yes", "110.5 A/s"]
    status = message_form(dbc, "Status")
    assert (status.id_text, status.period) == ("18FF0000", None)
    assert {each.name: (each.selected_by, each.when) for each in status.signals} == {
        "Mode": ("", ()),
        "Volts": ("Mode", (0,)),
        "Amps": ("Mode", (0,)),
        "Heat": ("Mode", (1,)),
    }


def test_what_does_not_fit_into_a_classic_frame_is_not_offered() -> None:
    long = Database([Message(1, "Long", 64, [], is_fd=True), Message(2, "Short", 8, [])])
    assert [each.name for each in message_forms(long)] == ["Short"]


@st.composite
def signals(draw: st.DrawFn) -> Signal:
    """One signal, anywhere in 8 bytes, with any scale, offset and sign."""
    length = draw(st.integers(1, 32))
    scale = draw(st.sampled_from((1, 2, 0.1, 0.5, 0.001, 1 / 1024, 0.25)))
    offset = draw(st.sampled_from((0, -40, 100, 0.5)))
    return Signal(
        "S",
        draw(st.integers(0, 64 - length)),
        length,
        "little_endian",
        draw(st.booleans()),
        conversion=BaseConversion.factory(scale=scale, offset=offset),
    )


@given(signals(), st.floats(0, 1))
def test_whatever_the_bits_hold_arrives_within_half_a_step(signal: Signal, share: float) -> None:
    dbc = Database([Message(0x123, "M", 8, [signal])])
    (form,) = message_form(dbc, "M").signals
    wanted = form.least + share * (form.most - form.least)
    frame, values = compose(dbc, "M", {"S": wanted})
    (message,) = dbc.messages
    heard = message.decode_simple(frame.data, decode_choices=False)["S"]
    assert heard == pytest.approx(values["S"], rel=1e-9, abs=1e-9)
    assert abs(values["S"] - wanted) <= float(signal.scale) / 2 * (1 + 1e-6) + 1e-9
