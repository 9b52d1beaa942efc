from __future__ import annotations

from functools import cache

import pytest
from cantools.database.can import Database
from hypothesis import given
from hypothesis import strategies as st

from evtui.canbus import Frame
from evtui.canbus.packs import MalformedFrame
from evtui.canbus.packs.advantics import (
    PISTOLS_MAX,
    Battery,
    BatteryVoltages,
    ChargeLimits,
    ChargeSessionFinished,
    ChargeStatusChange,
    Content,
    ControllerState,
    ControllerStatus,
    DcPowerControl,
    DcPowerParameters,
    DischargeLimits,
    EmergencySource,
    EmergencyStop,
    EnergyRequest,
    Function,
    NewChargeSession,
    OcppControl,
    PowerModulesStatus,
    SequenceControl,
    VehicleIdentifier,
    dbc_text,
    decode,
    encode,
)
from tests.canbus.packs.wire import frame_of, text_of

TRANSFER, STANDBY = Function.POWER_TRANSFER, Function.STANDBY

EXAMPLES: list[tuple[str, Content]] = [
    ("0106B000#07", ControllerStatus(ControllerState.CHARGING)),
    ("0106B001#0201", NewChargeSession(protocol=2, plug=1)),
    ("01063000#00000000413E0000", PowerModulesStatus(0.0, 0.0, 25, 22, False, 0)),
    ("01063001#8813B00400000000", DcPowerParameters(500.0, 120.0, 0.0)),
    (
        "01063002#010700",
        SequenceControl(
            start_authorised=True,
            authorisation_done=True,
            authorisation_valid=True,
            parameters_done=True,
        ),
    ),
    (
        "0106B003#88130000000042",
        DcPowerControl(500.0, 0.0, 0.0, Function.INSULATION_TEST, contactors_closed=True),
    ),
    ("01063000#8A130300444001C8", PowerModulesStatus(500.2, 0.3, 28, 24, True, 400)),
    (
        "0106B003#7D0F1400000064",
        DcPowerControl(396.5, 2.0, 0.0, Function.PRECHARGE, ranged=True, contactors_closed=True),
    ),
    (
        "0106B003#6810F401F40148",
        DcPowerControl(420.0, 50.0, 50.0, TRANSFER, contactors_closed=True),
    ),
    ("01063000#B80FF201574901FF", PowerModulesStatus(402.4, 49.8, 47, 33, True, 510)),
    (
        "0106B003#6810E803D4FE68",
        DcPowerControl(420.0, 100.0, -30.0, TRANSFER, ranged=True, contactors_closed=True),
    ),
    ("0106B003#00000000000081", DcPowerControl(0.0, 0.0, 0.0, STANDBY, lowering=True)),
    ("0106B005#01", EmergencyStop(EmergencySource.STATION)),
    ("0106B300#83FF", OcppControl(-12.5)),
]


@pytest.mark.parametrize(("text", "content"), EXAMPLES, ids=[text for text, _ in EXAMPLES])
def test_the_example_frames_are_read_and_written_to_the_bit(text: str, content: Content) -> None:
    assert decode(frame_of(text)) == (1, content)
    assert text_of(encode(content)) == text


u8, u16 = st.integers(0, 0xFF), st.integers(0, 0xFFFF)
i16 = st.integers(-0x8000, 0x7FFF)
tenths, signed = u16.map(lambda raw: raw / 10), i16.map(lambda raw: raw / 10)
degrees = st.integers(-40, 215)
flag = st.booleans()
contents: st.SearchStrategy[Content] = st.one_of(
    st.builds(
        PowerModulesStatus, tenths, signed, degrees, degrees, flag, u8.map(lambda raw: 2 * raw)
    ),
    st.builds(DcPowerParameters, tenths, tenths, tenths, signed),
    st.builds(SequenceControl, flag, flag, flag, flag, flag, flag),
    st.builds(ControllerStatus, u8),
    st.builds(NewChargeSession, u8, u8),
    st.builds(ChargeStatusChange, flag),
    st.builds(DcPowerControl, tenths, signed, signed, st.integers(0, 15), flag, flag, flag),
    st.builds(ChargeSessionFinished, flag),
    st.builds(EmergencyStop, u8),
    st.builds(Battery, u16, u8, u8, u8, u8),
    st.builds(BatteryVoltages, tenths, tenths, tenths),
    st.builds(ChargeLimits, tenths, tenths, u16, u16),
    st.builds(DischargeLimits, tenths, tenths, u16, u16),
    st.builds(EnergyRequest, i16, i16, i16),
    st.builds(VehicleIdentifier, st.binary(min_size=6, max_size=6)),
    st.builds(OcppControl, signed),
)
pistols = st.integers(1, PISTOLS_MAX)


@given(contents, pistols)
def test_every_message_survives_the_wire_for_every_pistol(content: Content, pistol: int) -> None:
    frame = encode(content, pistol)
    assert frame.extended
    assert frame.arbitration_id >> 24 == pistol
    assert decode(frame) == (pistol, content)


BASES = [encode(content).arbitration_id & 0xFFFFFF for _, content in EXAMPLES]
known_ids = st.builds(lambda base, pistol: pistol << 24 | base, st.sampled_from(BASES), pistols)


@given(known_ids | st.integers(0, 0x1FFFFFFF), st.binary(max_size=8))
def test_whatever_is_on_the_bus_is_read_or_malformed(arbitration_id: int, data: bytes) -> None:
    try:
        message = decode(Frame(arbitration_id, data, extended=True))
    except MalformedFrame:
        return
    if message is not None:
        assert decode(encode(message.content, message.pistol)) == message


@pytest.mark.parametrize(
    "frame",
    [
        Frame(0x63000 & 0x7FF, bytes(8)),
        Frame(0x01063000, extended=True, remote=True, requested=8),
        frame_of("00063000#00000000413E0000"),
        frame_of("0106B200#00"),
        frame_of("0283F000#0000000000000000"),
    ],
    ids=["11 bits", "remote", "no pistol", "an input", "INFY"],
)
def test_a_frame_of_others_is_none_of_the_protocol(frame: Frame) -> None:
    assert decode(frame) is None


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("0106B000#0700", "ControllerStatus with 2 of 1 bytes"),
        ("0106B003#6810F401F401", "DcPowerControl with 6 of 7 bytes"),
        ("01063000#8A130300444002C8", "PowerModulesStatus with 2 in the place of 0 or 1"),
        ("0106B004#FF", "ChargeSessionFinished with 255"),
    ],
)
def test_data_that_are_none_of_a_message_are_malformed(text: str, complaint: str) -> None:
    with pytest.raises(MalformedFrame, match=complaint):
        decode(frame_of(text))


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (DcPowerControl(6553.6, 0.0, 0.0, TRANSFER), "voltage in V of 6553.6 does not fit"),
        (DcPowerControl(400.0, 3300.0, 0.0, TRANSFER), "current in A of 3300 does not fit"),
        (DcPowerControl(400.0, float("nan"), 0.0, TRANSFER), "nan does not fit"),
        (DcPowerControl(400.0, 0.0, 0.0, 16), "function 16 does not fit"),
        (DcPowerParameters(500.0, -1.0, 0.0), "-1 does not fit: 0 to 6553.5"),
        (PowerModulesStatus(0.0, 0.0, -41, 0, False, 0), "-41 does not fit: -40 to 215"),
        (PowerModulesStatus(0.0, 0.0, 0, 0, False, 512), "512 does not fit: 0 to 510"),
        (VehicleIdentifier(b"abc"), "3 bytes"),
    ],
)
def test_what_no_frame_can_say_is_refused(content: Content, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        encode(content)


@pytest.mark.parametrize("pistol", [0, 32])
def test_a_pistol_that_no_identifier_can_name_is_refused(pistol: int) -> None:
    with pytest.raises(ValueError, match=f"pistol {pistol} does not fit: 1 to 31"):
        encode(ControllerStatus(0), pistol)


@cache
def database() -> Database:
    dbc = Database()
    dbc.add_dbc_string(dbc_text(3))
    return dbc


def signals_of(content: Content) -> list[float]:
    """The fields of ``content`` in the order of its signals."""
    if isinstance(content, VehicleIdentifier):
        return list(content.identifier)
    return [float(getattr(content, name)) for name in content.__struct_fields__]


@given(contents, st.integers(1, 3))
def test_the_codec_does_what_the_dbc_says(content: Content, pistol: int) -> None:
    frame = encode(content, pistol)
    known = database().get_message_by_frame_id(frame.arbitration_id)
    sent_by_modules = isinstance(content, PowerModulesStatus | DcPowerParameters | SequenceControl)
    assert known.is_extended_frame
    assert known.length == len(frame.data)
    assert known.senders == ["Modules" if sent_by_modules else "Controller"]
    decoded = known.decode(frame.data, decode_choices=False)
    assert isinstance(decoded, dict)
    names = [signal.name for signal in sorted(known.signals, key=lambda signal: signal.start)]
    assert [decoded[name] for name in names] == pytest.approx(signals_of(content))


def test_the_dbc_has_the_messages_of_each_pistol_asked_for() -> None:
    ids = {message.name: message.frame_id for message in database().messages}
    assert ids["Advantics_Controller_Status"] == 0x0106B000
    assert ids["Advantics_Controller_Status3"] == 0x0306B000
    assert "Advantics_Controller_Status4" not in ids
    assert len(ids) == 3 * 16
    status = database().get_message_by_name("Advantics_Controller_Status2")
    assert status.cycle_time == 100
    assert status.decode(b"\x07") == {"State": "charging"}
    states = status.get_signal_by_name("State").choices
    assert states is not None
    assert sorted(states) == sorted(ControllerState)


@pytest.mark.parametrize("number", [0, 32])
def test_a_dbc_for_more_pistols_than_there_can_be_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="1 to 31"):
        dbc_text(number)
