from __future__ import annotations

import asyncio
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.canbus import CHARGE_POINT, Frame
from evtui.canbus.packs import MalformedFrame, Said, Speaker
from evtui.canbus.packs.seed import (
    CONNECTORS_MAX,
    SEED,
    Current,
    SetLimit,
    StartCharging,
    StopCharging,
    encode,
)
from evtui.events import CanFrame
from evtui.power import PowerStage, preset
from evtui.station import ChargerReport
from tests.canbus.rig import Rig, frame, ignore
from tests.virtual_loop import run_virtual

connectors = st.integers(1, CONNECTORS_MAX)


def test_each_message_is_told_in_words_that_every_protocol_has() -> None:
    assert SEED.decode(encode(Current(98))) == Said("Current", 1, "module", current=98.0)
    assert SEED.decode(encode(SetLimit(40), 2)) == Said("SetLimit2", 2, "charge point", limit=40.0)
    assert SEED.decode(encode(StartCharging())) == Said(
        "StartCharging", 1, "charge point", run=True
    )
    assert SEED.decode(encode(StopCharging(), 8)) == Said(
        "StopCharging8", 8, "charge point", run=False
    )


@given(connectors, st.floats(-1e6, 1e6))
def test_what_is_forged_is_understood_as_meant_within_16_bits(number: int, amperes: float) -> None:
    meant = min(max(round(amperes), 0), 0xFFFF)
    (report,) = SEED.reports(number, amperes)
    (limit,) = SEED.limits(number, amperes)
    said, told = SEED.decode(report), SEED.decode(limit)
    assert said is not None
    assert told is not None
    assert (said.connector, said.current, said.limit) == (number, meant, None)
    assert (told.connector, told.limit, told.current) == (number, meant, None)


@given(connectors, st.booleans())
def test_orders_are_understood_as_meant(number: int, run: bool) -> None:
    (order,) = SEED.orders(number, run=run)
    said = SEED.decode(order)
    assert said is not None
    assert (said.connector, said.run) == (number, run)


@given(st.integers(0, 0x7FF), st.binary(max_size=8), st.booleans())
def test_any_frame_has_a_sender_exactly_if_it_is_described(
    identifier: int, data: bytes, extended: bool
) -> None:
    speaker = SEED.speaker_of(identifier, extended=extended)
    assert (speaker is None) == (SEED.describe(identifier, data, extended=extended) is None)
    try:
        said = SEED.decode(Frame(identifier, data, extended))
    except MalformedFrame:
        assert speaker is not None
        return
    assert (said is None) == (speaker is None)
    if said is not None:
        assert speaker == Speaker(said.connector, said.by)
        known = SEED.message(identifier)
        assert known is not None
        assert known.name == said.message


@pytest.mark.parametrize(("connector", "modules"), [(0, 1), (9, 1), (1, 2)])
def test_what_has_no_room_in_the_protocol_is_refused(connector: int, modules: int) -> None:
    async def scenario() -> None:
        rig = Rig(heard=False)
        with pytest.raises(ValueError, match="the seed protocol has"):
            SEED.chargers(rig.bus, [connector], modules=modules)
        unit = PowerStage(preset("seed"))
        with pytest.raises(ValueError, match="the seed protocol has"):
            SEED.module(rig.bus, unit, connector=connector, modules=modules)
        assert rig.bus.nodes == ()

    run_virtual(scenario())


def test_the_charge_points_end_says_each_limit_once_and_rounds_it_down() -> None:
    async def scenario() -> list[tuple[str, int, bytes]]:
        rig = Rig()
        chargers = SEED.chargers(rig.bus, [1, 2])
        rig.bus.attach("module", ignore)
        one, two = chargers[1], chargers[2]
        one.set_limits(32.9)
        one.set_limits(32.1, voltage=400.0)
        two.set_limits(32.0)
        await asyncio.sleep(0.1)
        one.forget()
        one.set_limits(32.9)
        await asyncio.sleep(0.1)
        one.start()
        two.stop()
        one.close()
        one.start()
        await asyncio.sleep(0.1)
        return [(f.node, f.arbitration_id, f.data) for f in rig.of(CanFrame)]

    node, limit = CHARGE_POINT, b"\x20\x00"
    assert run_virtual(scenario()) == [
        (node, 0x210, limit),
        (node, 0x230, limit),
        (node, 0x210, limit),
        (node, 0x200, b""),
        (node, 0x221, b""),
    ]


def test_the_charge_points_end_hears_the_modules_of_its_connectors_and_nobody_else() -> None:
    async def scenario() -> list[tuple[int, ChargerReport]]:
        rig = Rig()
        heard: list[tuple[int, ChargerReport]] = []

        def hear(number: int, report: ChargerReport) -> None:
            heard.append((number, report))

        for number, charger in SEED.chargers(rig.bus, [1, 2]).items():
            charger.on_report = partial(hear, number)
        module = rig.bus.attach("module", ignore)
        for each in (
            encode(Current(7)),
            encode(Current(8), 2),
            encode(Current(9), 3),
            encode(SetLimit(5)),
            frame(0x300, b"\x01"),
            frame(0x300, b"\x01\x00", extended=True),
        ):
            module.send(each)
        await asyncio.sleep(0.1)
        return heard

    assert run_virtual(scenario()) == [(1, ChargerReport(7.0)), (2, ChargerReport(8.0))]
