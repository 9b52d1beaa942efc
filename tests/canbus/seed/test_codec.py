from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.canbus import Frame
from evtui.canbus.packs import MalformedFrame
from evtui.canbus.packs.seed import (
    CONNECTORS_MAX,
    SEED,
    Current,
    SetLimit,
    StartCharging,
    StationMessage,
    StopCharging,
    connector_of,
    decode,
    encode,
)
from tests.canbus.rig import frame

u16 = st.integers(0, 0xFFFF)
connectors = st.integers(1, CONNECTORS_MAX)
KNOWN_IDS = {
    base + 0x20 * n for base in (0x200, 0x201, 0x210, 0x300) for n in range(CONNECTORS_MAX)
}


@pytest.mark.parametrize(
    ("value", "arbitration_id", "data"),
    [
        (StartCharging(), 0x200, b""),
        (StopCharging(), 0x201, b""),
        (SetLimit(0), 0x210, b"\x00\x00"),
        (SetLimit(100), 0x210, b"\x64\x00"),
        (SetLimit(300), 0x210, b"\x2c\x01"),
        (Current(98), 0x300, b"\x62\x00"),
    ],
)
def test_the_bytes_are_those_of_the_protocol_table(
    value: StationMessage, arbitration_id: int, data: bytes
) -> None:
    message = encode(value)
    assert (message.arbitration_id, message.data) == (arbitration_id, data)
    assert not message.extended
    assert decode(message) == (1, value)


@given(st.one_of(st.builds(SetLimit, u16), st.builds(Current, u16)), connectors)
def test_every_16_bit_amount_survives_the_wire_for_every_connector(
    value: SetLimit | Current, connector: int
) -> None:
    message = encode(value, connector)
    assert decode(message) == (connector, value)
    assert connector_of(message.arbitration_id) == connector


def test_each_connector_has_identifiers_of_its_own() -> None:
    assert encode(StartCharging(), 2).arbitration_id == 0x220
    assert encode(SetLimit(16), 2).arbitration_id == 0x230
    assert encode(Current(16), CONNECTORS_MAX).arbitration_id == 0x3E0
    assert len(KNOWN_IDS) == 4 * CONNECTORS_MAX
    assert connector_of(0x7FF) is None


@pytest.mark.parametrize("amperes", [-1, 65_536])
def test_an_amount_beyond_16_bits_is_refused(amperes: int) -> None:
    with pytest.raises(ValueError, match="16-bit"):
        encode(SetLimit(amperes))


@pytest.mark.parametrize("data", [b"", b"\x64", b"\x64\x00\x00", bytes(8)])
def test_a_limit_of_the_wrong_length_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedFrame, match=f"SetLimit with {len(data)} of 2 bytes"):
        decode(frame(0x210, data))


def test_a_start_with_data_is_malformed() -> None:
    with pytest.raises(MalformedFrame):
        decode(frame(0x200, b"\x00"))


@pytest.mark.parametrize(
    "message",
    [
        frame(0x7FF, b"\x01"),
        frame(0x210, b"\x64\x00", extended=True),
        Frame(0x210, remote=True, requested=2),
        Frame(0x200, error=True),
    ],
    ids=["unknown id", "29-bit id", "remote frame", "error frame"],
)
def test_a_frame_that_is_not_ours_decodes_to_none(message: Frame) -> None:
    assert decode(message) is None


@given(st.integers(0, 0x1FFFFFFF) | st.sampled_from(sorted(KNOWN_IDS)), st.binary())
def test_any_frame_can_be_described(arbitration_id: int, data: bytes) -> None:
    description = SEED.describe(arbitration_id, data)
    assert (description is None) == (arbitration_id not in KNOWN_IDS)
    assert SEED.describe(arbitration_id, data, extended=True) is None


def test_a_description_has_name_and_signals_for_people() -> None:
    assert SEED.describe(0x210, b"\x64\x00") == ("SetLimit", "100 A")
    assert SEED.describe(0x300, b"\x2c\x01") == ("Current", "300 A")
    assert SEED.describe(0x200, b"") == ("StartCharging", "")
    assert SEED.describe(0x210, b"\x64") == ("SetLimit", "1 of 2 bytes")


def test_the_dbc_says_who_sends_what_and_how_often() -> None:
    senders = {message.name: message.senders for message in SEED.database.messages}
    assert len(senders) == len(KNOWN_IDS)
    for number in ("", "2", "8"):
        assert senders["StartCharging" + number] == ["ChargePoint"]
        assert senders["StopCharging" + number] == ["ChargePoint"]
        assert senders["SetLimit" + number] == ["ChargePoint"]
        assert senders["Current" + number] == ["Module" + number]
    assert SEED.cycle_time(0x300) == 0.1
    assert SEED.cycle_time(0x210) is None
    assert SEED.cycle_time(0x7FF) is None


@given(u16, connectors)
def test_the_codec_does_what_the_dbc_says(amperes: int, connector: int) -> None:
    number = "" if connector == 1 else str(connector)
    for value in (StartCharging(), StopCharging(), SetLimit(amperes), Current(amperes)):
        frame = encode(value, connector)
        known = SEED.database.get_message_by_name(type(value).__name__ + number)
        signals = {signal.name: amperes for signal in known.signals}
        assert frame.arbitration_id == known.frame_id
        assert frame.extended == known.is_extended_frame
        assert frame.data == known.encode(signals, strict=False)
        assert known.decode_simple(frame.data) == signals


def test_the_dbc_is_read_once() -> None:
    assert SEED.database is SEED.database
