from __future__ import annotations

import struct
from functools import cache

import pytest
from cantools.database.can import Database
from hypothesis import given
from hypothesis import strategies as st

from evtui.canbus import Frame
from evtui.canbus.packs import MalformedFrame
from evtui.canbus.packs.infy import (
    BROADCAST,
    Addressing,
    Available,
    Barcode,
    Command,
    Content,
    ErrorCode,
    Group,
    Identifier,
    Input,
    Led,
    Message,
    ModuleCount,
    Opaque,
    Output,
    OutputFixed,
    Rating,
    Read,
    SetOutput,
    SetSystemOutput,
    Sleep,
    Status,
    StatusBits,
    Switch,
    SystemOutput,
    SystemOutputFixed,
    WalkIn,
    dbc_text,
    decode,
    encode,
)
from tests.canbus.packs.wire import frame_of, text_of

DC_OFF, WALK_IN = StatusBits.DC_OFF, StatusBits.WALK_IN

EXAMPLES = [
    ("02823FF0#0000000000000000", Message(Read(Command.READ_MODULE_COUNT), BROADCAST)),
    ("0282F03F#0000030000000000", Message(ModuleCount(3), 0xF0, BROADCAST)),
    ("028A00F0#0000000000000000", Message(Read(Command.READ_RATING), 0)),
    ("028AF000#03E8009603E80BB8", Message(Rating(1000, 150, 100.0, 30_000), 0xF0, 0)),
    ("029C00F0#00061A800000C350", Message(SetOutput(400.0, 50.0), 0)),
    ("029CF000#00061A800000C350", Message(SetOutput(400.0, 50.0), 0xF0, 0)),
    ("029B3FF0#00061A80000249F0", Message(SetSystemOutput(400.0, 150.0), BROADCAST)),
    ("02DB01F0#00061A80000186A0", Message(SetSystemOutput(400.0, 100.0), 1, grouped=True)),
    ("02DBF001#00061A80000186A0", Message(SetSystemOutput(400.0, 100.0), 0xF0, 1, grouped=True)),
    ("029A00F0#0000000000000000", Message(Switch(on=True), 0)),
    ("029A3FF0#0100000000000000", Message(Switch(on=False), BROADCAST)),
    ("028302F0#0000000000000000", Message(Read(Command.READ_OUTPUT), 2)),
    ("0283F002#43C8400042470000", Message(Output(400.5, 49.75), 0xF0, 2)),
    ("028CF000#0FA302EE00000000", Message(Available(400.3, 75.0), 0xF0, 0)),
    ("0284F000#000001001F004000", Message(Status(1, 31, WALK_IN), 0xF0, 0)),
    ("0284F000#000001001F004100", Message(Status(1, 31, WALK_IN | DC_OFF), 0xF0, 0)),
    (
        "0284F000#000001004E015100",
        Message(
            Status(
                1,
                78,
                StatusBits.POWER_LIMITED | StatusBits.OVER_TEMPERATURE | WALK_IN | DC_OFF,
            ),
            0xF0,
            0,
        ),
    ),
    (
        "0284F000#000001001E00C100",
        Message(Status(1, 30, StatusBits.COMMUNICATION_INTERRUPTED | WALK_IN | DC_OFF), 0xF0, 0),
    ),
    (
        "0E9CF000#00124F800000C350",
        Message(
            Opaque(Command.SET_OUTPUT, bytes.fromhex("00124F800000C350")),
            0xF0,
            0,
            error=ErrorCode.DATA_INVALID,
        ),
    ),
    ("028BF000#56130C15A3FB06A8", Message(Barcode("081807123451V1704"), 0xF0, 0)),
]


@pytest.mark.parametrize(("text", "message"), EXAMPLES, ids=[text for text, _ in EXAMPLES])
def test_the_example_frames_are_read_and_written_to_the_bit(text: str, message: Message) -> None:
    assert decode(frame_of(text)) == message
    assert text_of(encode(message)) == text


def test_a_reply_is_the_request_with_its_addresses_exchanged() -> None:
    request = decode(frame_of("028302F0#0000000000000000"))
    assert request is not None
    assert text_of(encode(request.reply(Output(400.5, 49.75)))) == "0283F002#43C8400042470000"


def test_states_of_a_healthy_module_are_no_faults() -> None:
    states = StatusBits.SLEEPING | DC_OFF | WALK_IN | StatusBits.POWER_LIMITED | StatusBits.PFC_OFF
    assert not states.faults
    assert (states | StatusBits.FAN_FAULT).faults == StatusBits.FAN_FAULT


u8, u16, u32 = (st.integers(0, 2**bits - 1) for bits in (8, 16, 32))
milli = u32.map(lambda raw: raw / 1000)
tenths = u16.map(lambda raw: raw / 10)
floats = st.floats(width=32, allow_nan=False, allow_infinity=False)
eight = st.binary(min_size=8, max_size=8)

letters = st.integers(0x20, 0x7E).map(chr)
answers = st.one_of(
    st.builds(SystemOutput, floats, floats),
    st.builds(ModuleCount, u8),
    st.builds(Output, floats, floats),
    st.builds(
        Status,
        u8,
        st.integers(-128, 127),
        st.integers(0, 0xFFFFFF).map(lambda raw: StatusBits(raw)),
    ),
    st.builds(Input, tenths, tenths, tenths),
    st.builds(SystemOutputFixed, milli, milli),
    st.builds(OutputFixed, milli, milli),
    st.builds(Rating, u16, u16, tenths, u16.map(lambda raw: raw * 10)),
    st.builds(
        lambda digits, letter, last: Barcode(f"{digits:012}{letter}{last:04}"),
        st.integers(0, 10**12 - 1),
        letters,
        st.integers(0, 9999),
    ),
    st.builds(Available, tenths, tenths),
)
writes = st.one_of(
    st.builds(WalkIn, st.booleans()),
    st.builds(Led, st.booleans()),
    st.builds(Group, u8),
    st.builds(Sleep, st.booleans()),
    st.builds(Switch, st.booleans()),
    st.builds(SetSystemOutput, milli, milli),
    st.builds(SetOutput, milli, milli),
    st.builds(Addressing, st.booleans()),
)
reads = st.sampled_from([each for each in Command if not each.writes]).map(Read)
modules = st.integers(0, 0xEF)
controllers = st.integers(0xF0, 0xF8)
requests = st.builds(Message, reads | writes, modules, controllers, st.booleans())
replies = st.builds(Message, answers | writes, controllers, modules, st.booleans())
refusals = st.builds(
    Message,
    st.builds(Opaque, st.integers(0, 0x3F), eight),
    controllers,
    modules,
    st.booleans(),
    st.integers(1, 7),
)


@given(requests | replies | refusals)
def test_every_message_survives_the_wire(message: Message) -> None:
    frame = encode(message)
    assert frame.extended
    assert len(frame.data) == 8
    assert decode(frame) == message


identifiers = st.builds(
    lambda error, device, command, destination, source: (
        Identifier(error, device, command, destination, source).arbitration_id
    ),
    st.sampled_from([0, 0, 0, 3]),
    st.sampled_from([0xA, 0xB]),
    st.sampled_from([int(each) for each in Command]) | st.integers(0, 0x3F),
    st.sampled_from([0, 1, BROADCAST, 0xF0]),
    st.sampled_from([0, 1, BROADCAST, 0xF0]),
)


@given(identifiers | st.integers(0, 0x1FFFFFFF), eight | st.binary(max_size=8))
def test_whatever_is_on_the_bus_is_read_or_malformed(arbitration_id: int, data: bytes) -> None:
    frame = Frame(arbitration_id, data, extended=True)
    try:
        message = decode(frame)
    except MalformedFrame:
        return
    if message is None:
        assert not Identifier.of(arbitration_id).is_ours
    else:  # and what was read is what was meant: written again, it is read as the same
        assert decode(encode(message)) == message


@given(st.integers(0, 0x1FFFFFFF))
def test_an_identifier_is_the_sum_of_its_parts(arbitration_id: int) -> None:
    assert Identifier.of(arbitration_id).arbitration_id == arbitration_id


@pytest.mark.parametrize(
    "frame",
    [
        Frame(0x283, bytes(8)),
        Frame(0x028302F0, extended=True, remote=True, requested=8),
        frame_of("0757F803#0000000000000000"),
        frame_of("0757F7FB#0000000000000000"),
        frame_of("02830100#0000000000000000"),
        frame_of("0283F0F1#0000000000000000"),
    ],
    ids=["11 bits", "remote", "module to module", "the first of these", "no controller", "two"],
)
def test_a_frame_between_others_is_none_of_the_protocol(frame: Frame) -> None:
    assert decode(frame) is None


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("029C00F0#00061A800000C3", "command 0x1c with 7 of 8 bytes"),
        ("028300F0#0000000000000001", "a request to read 0x03 with data"),
        ("0283F000#7FC0000000000000", "Output with nan V"),
        ("0283F000#43C840007F800000", "inf A"),
        ("029A00F0#0200000000000000", "Switch with 2 in the place of 0 or 1"),
        ("028BF000#00130C15A3FB06A8", "Barcode with 00"),
    ],
)
def test_data_that_are_none_of_a_command_are_malformed(text: str, complaint: str) -> None:
    with pytest.raises(MalformedFrame, match=complaint):
        decode(frame_of(text))


@pytest.mark.parametrize(
    ("message", "complaint"),
    [
        (Message(SetOutput(-1.0, 0.0), 0), "voltage in V of -1 does not fit"),
        (Message(SetOutput(400.0, 4.3e6), 0), "current in A of 4.3e\\+06 does not fit"),
        (Message(SetOutput(float("nan"), 0.0), 0), "nan does not fit"),
        (Message(Output(float("inf"), 0.0), 0xF0, 0), "not finite"),
        (Message(Output(1e39, 0.0), 0xF0, 0), "32-bit floats"),
        (Message(Rating(1000, 150, 100.0, 700_000), 0xF0, 0), "power in W of 700000"),
        (Message(Status(0, 128, StatusBits(0)), 0xF0, 0), "128 degC"),
        (Message(Barcode("1234"), 0xF0, 0), "'1234' is no barcode"),
        (Message(Read(Command.SWITCH), 0), "nothing is read by command 0x1a"),
        (Message(Read(Command.READ_OUTPUT), 0xF0, 0), "Read goes the other way"),
        (Message(Output(400.0, 1.0), 0), "Output goes the other way"),
        (Message(Switch(on=True), 0, 1), "neither from a controller"),
        (Message(Switch(on=True), 256), "does not fit into an identifier"),
        (Message(Group(256), 0), "Group 256 does not fit"),
        (Message(Opaque(0x30, b""), 0), "0 bytes of data"),
    ],
)
def test_what_no_frame_can_say_is_refused(message: Message, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        encode(message)


@cache
def database() -> Database:
    dbc = Database()
    dbc.add_dbc_string(dbc_text(range(3), [1, 2]))
    return dbc


def signals_of(content: Content) -> dict[str, float]:
    """What the DBC calls the fields of ``content``."""
    match content:
        case Read():
            return {}
        case SetOutput() | SetSystemOutput() | Output() | SystemOutput() | Available():
            return {"Voltage": content.voltage, "Current": content.current}
        case OutputFixed() | SystemOutputFixed():
            return {"Voltage": content.voltage, "Current": content.current}
        case ModuleCount(modules):
            return {"Modules": modules}
        case Input(ab, bc, ca):
            return {"VoltageAB": ab, "VoltageBC": bc, "VoltageCA": ca}
        case Rating(highest, lowest, current, power):
            return {
                "VoltageMax": highest,
                "VoltageMin": lowest,
                "CurrentMax": current,
                "Power": power,
            }
        case Barcode(text):
            digits, letter, last = int(text[:12]), ord(text[12]), int(text[13:])
            return {"Digits": digits, "Letter": letter, "LastDigits": last}
        case WalkIn(on):
            return {"On": on}
        case Led(blinking):
            return {"Blinking": blinking}
        case Group(number):
            return {"Number": number}
        case Sleep(asleep):
            return {"Asleep": asleep}
        case Switch(on):
            return {"Off": not on}
        case Addressing(by_dial):
            return {"ByDial": by_dial}
        case Status(group, temperature, bits):
            flags: dict[str, float] = {
                _BIT_NAMES.get(bit, camel(bit.name or "")): bool(bits & bit) for bit in StatusBits
            }
            return {"Group": group, "Temperature": temperature} | flags
        case Opaque():
            raise AssertionError("the DBC knows no such message")


_BIT_NAMES = {StatusBits.WALK_IN: "WalkInEnabled"}


def camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


ON_THE_BUS = st.one_of(
    st.builds(Message, reads | writes, st.integers(0, 2) | st.just(BROADCAST)),
    st.builds(Message, answers | writes, st.just(0xF0), st.integers(0, 2) | st.just(BROADCAST)),
    st.builds(Message, reads | writes, st.integers(1, 2), grouped=st.just(True)),
    st.builds(Message, answers | writes, st.just(0xF0), st.integers(1, 2), grouped=st.just(True)),
)


@given(ON_THE_BUS)
def test_the_codec_does_what_the_dbc_says(message: Message) -> None:
    frame = encode(message)
    known = {each.frame_id: each for each in database().messages}.get(frame.arbitration_id)
    if known is None:
        assert not documented(message)
        return
    assert known.is_extended_frame
    assert known.length == 8
    assert known.senders == ["Modules" if message.destination == 0xF0 else "Controller"]
    expected = {
        name: pytest.approx(float(value)) for name, value in signals_of(message.content).items()
    }
    decoded = known.decode(frame.data, decode_choices=False)
    assert isinstance(decoded, dict)
    assert dict[str, object](decoded) == expected


OF_ONE_MODULE = {0x03, 0x04, 0x06, 0x09, 0x0A, 0x0B, 0x0C, 0x13, 0x14, 0x16, 0x19, 0x1A, 0x1C}
OF_ALL = {0x01, 0x02, 0x08, 0x13, 0x14, 0x16, 0x19, 0x1A, 0x1B, 0x1C, 0x1F}
OF_A_GROUP = {0x01, 0x02, 0x13, 0x14, 0x16, 0x19, 0x1A, 0x1B}


def documented(message: Message) -> bool:
    """Whether some implementation sends it to such an address."""
    command = Identifier.of(encode(message).arbitration_id).command
    if message.grouped:
        return command in OF_A_GROUP
    return command in (
        OF_ALL if BROADCAST in (message.destination, message.source) else OF_ONE_MODULE
    )


def test_the_dbc_has_the_messages_of_each_module_and_group_asked_for() -> None:
    names = {message.name for message in database().messages}
    assert {"SetOutput_0", "SetOutput_1", "SetOutput_2", "SetOutputEcho_2", "Switch_All"} <= names
    assert {"SetSystemOutput_Group1", "SetSystemOutput_Group2"} <= names
    assert "SetOutput_3" not in names
    expected = 3 * len(OF_ONE_MODULE) + len(OF_ALL) + 2 * len(OF_A_GROUP)
    assert len(names) == 2 * expected
    known = database().get_message_by_name("Output_2")
    assert (known.frame_id, known.cycle_time, known.comment) == (
        0x0283F002,
        200,
        "Voltage and current of the module.",
    )
    raw = struct.pack(">ff", 400.5, 49.75)
    assert known.decode(raw) == {"Voltage": 400.5, "Current": 49.75}
