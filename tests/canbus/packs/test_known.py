from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.canbus import Frame
from evtui.canbus import packs as folder
from evtui.canbus.packs import FrameDescription, MalformedFrame, ProtocolPack, advantics, infy
from evtui.canbus.packs.known import (
    PROTOCOLS,
    ReportedCurrents,
    cycle_time,
    describe,
    pack_named,
    said,
)
from evtui.config import PROTOCOLS as IN_SETTINGS
from evtui.events import CanFrame
from tests.canbus.packs.wire import frame_of

packs = st.sampled_from([pack_named(name) for name in PROTOCOLS])
connectors = st.integers(1, 8)
amperes = st.floats(-1e6, 1e6)
identifiers = st.one_of(
    st.integers(0, 0x1FFFFFFF),
    st.builds(lambda low: 0x028000F0 | low, st.integers(0, 0x7FFFFF)),
    st.builds(lambda pistol, low: pistol << 24 | 0x60000 | low, connectors, st.integers(0, 0xFFFF)),
)


def test_the_settings_name_the_protocols_that_have_a_folder() -> None:
    folders = {path.parent.name for path in Path(folder.__path__[0]).glob("*/pack.py")}
    assert set(PROTOCOLS) == set(IN_SETTINGS) == folders
    assert [pack_named(name).name for name in PROTOCOLS] == [*PROTOCOLS]
    with pytest.raises(ValueError, match="no protocol 'modbus'; choose from seed, infy, advantics"):
        pack_named("modbus")


@given(identifiers, st.binary(max_size=8), st.booleans())
def test_a_frame_is_of_one_protocol_at_most_and_can_always_be_told(
    arbitration_id: int, data: bytes, extended: bool
) -> None:
    frame = Frame(arbitration_id if extended else arbitration_id & 0x7FF, data, extended=extended)
    speakers = []
    for name in PROTOCOLS:
        pack = pack_named(name)
        speaker = pack.speaker_of(frame.arbitration_id, extended=extended)
        speakers += [speaker] if speaker is not None else []
        try:
            told = pack.decode(frame)
        except MalformedFrame:
            assert speaker is not None
            continue
        assert (told is None) == (speaker is None)
        if told is not None and speaker is not None:
            assert (told.connector, told.by) == speaker
    assert len(speakers) <= 1
    description = describe(frame.arbitration_id, data, extended=extended)
    if description is not None:
        assert speakers


@given(packs, connectors, amperes)
def test_what_is_forged_is_understood_as_meant(
    pack: ProtocolPack, connector: int, current: float
) -> None:
    (report,) = pack.reports(connector, current)
    (limit,) = pack.limits(connector, current)
    told, order = said(report), said(limit)
    assert told is not None
    assert order is not None
    assert (told.connector, told.by, told.limit) == (connector, "module", None)
    assert (order.connector, order.by, order.current) == (connector, "charge point", None)
    assert told.current is not None
    assert order.limit is not None
    if 0.0 <= current <= 3000.0:
        assert told.current == pytest.approx(current, abs=0.51)
        assert order.limit == pytest.approx(current, abs=0.51)
    assert abs(told.current) <= 4.3e6


@given(packs, connectors, st.booleans())
def test_orders_are_understood_as_meant(pack: ProtocolPack, connector: int, run: bool) -> None:
    told = [said(each) for each in pack.orders(connector, run=run)]
    assert all(each is not None and each.connector == connector for each in told)
    assert [each.run for each in told if each is not None and each.run is not None] == [run]


@pytest.mark.parametrize(
    ("text", "forged"),
    [
        ("0283F002#43C8400042470000", "0283F002#43C8400041200000"),
        ("01063000#B80FF201574901FF", "01063000#B80F6400574901FF"),
    ],
)
def test_a_forged_report_is_like_a_genuine_one_but_for_its_current(text: str, forged: str) -> None:
    name = "infy" if text.startswith("02") else "advantics"
    assert pack_named(name).reports(1, 10.0, frame_of(text)) == (frame_of(forged),)


@pytest.mark.parametrize(
    ("text", "forged"),
    [
        ("029C02F0#00061A800000C350", "029C02F0#00061A8000002710"),
        ("0106B003#6810F401F40148", "0106B003#68106400640048"),
        ("0106B003#6810E803D4FE68", "0106B003#68106400D4FE68"),
    ],
)
def test_a_forged_limit_is_like_a_genuine_one_but_for_its_current(text: str, forged: str) -> None:
    name = "infy" if text.startswith("02") else "advantics"
    assert pack_named(name).limits(1, 10.0, frame_of(text)) == (frame_of(forged),)


@pytest.mark.parametrize(
    ("text", "description"),
    [
        ("029C00F0#00061A800000C350", ("SetOutput_0", "400.0 V, 50.0 A")),
        ("029A09F0#0000000000000000", ("Switch_9", "on")),
        ("02DB02F0#00061A80000186A0", ("SetSystemOutput_Group2", "400.0 V, 100.0 A")),
        ("0E9CF000#00124F800000C350", ("Command1C_0", "error 3: data invalid")),
        ("0283F000#43C84000", ("Output_0", "command 0x03 with 4 of 8 bytes")),
        ("0106B000#07", ("Advantics_Controller_Status", "charging")),
        ("0206B005#01", ("Emergency_Stop2", "station")),
        ("01063002#01", ("Sequence_Control", "1 of 3 bytes")),
    ],
)
def test_frames_are_described_for_people(text: str, description: FrameDescription) -> None:
    frame = frame_of(text)
    assert describe(frame.arbitration_id, frame.data, extended=True) == description


def test_cyclic_messages_have_their_period() -> None:
    assert cycle_time(0x300, extended=False) == 0.1
    assert cycle_time(0x0106B000, extended=True) == 0.1
    assert cycle_time(0x0283F009, extended=True) == 0.2
    assert cycle_time(0x0106B004, extended=True) is None
    assert cycle_time(0x1FFFFFFF, extended=True) is None


def heard(frame: Frame, t: float) -> CanFrame:
    return CanFrame(
        source="module",
        station="CP1",
        bus="CP1/can",
        node="module",
        arbitration_id=frame.arbitration_id,
        data=frame.data,
        extended=frame.extended,
        t=t,
    )


def test_the_current_of_a_connector_is_the_sum_of_what_its_modules_report() -> None:
    currents = ReportedCurrents()
    of_module = [
        infy.encode(infy.Message(infy.Output(400.0, amperes), 0xF0, address))
        for address, amperes in ((0, 30.0), (1, 20.0), (8, 5.0))
    ]
    assert currents.update(heard(of_module[0], 1.0)) == (1, 30.0)
    assert currents.update(heard(of_module[1], 1.1)) == (1, 50.0)
    assert currents.update(heard(of_module[2], 1.2)) == (2, 5.0)
    assert currents.update(heard(of_module[1], 17.0)) == (1, 20.0), "the other one is gone"
    status = advantics.encode(advantics.PowerModulesStatus(400.0, 80.0, 30, 25, True, 510), 3)
    assert currents.update(heard(status, 18.0)) == (3, 80.0)
    assert currents.update(heard(advantics.encode(advantics.ControllerStatus(1)), 19.0)) is None
