"""Messages and frames that an anomaly has sent are marked where they stand."""

from __future__ import annotations

from typing import Any

from evtui.events import OcppMessage, as_json
from evtui.tui.screens.detail import DetailScreen
from tests.tui.driving import Driven, driven
from tests.tui.fake_lab import PARAMETERS
from tests.tui.waves import anomaly


def step(one: Driven, label: str = "SetChargingProfile 0 A", **more: Any) -> int:
    """The event of a step; what it causes has its number."""
    one.lab.clock.t += 0.1
    fields: dict[str, Any] = {"step_label": label, "parameters": {**PARAMETERS}, **more}
    return one.lab.publish(anomaly(one.lab.now(), "step", step=0, **fields))


def marked(one: Driven, selector: str) -> list[str]:
    return [line for line in one.text(selector).splitlines() if line.startswith("▓")]


async def test_a_message_of_an_anomaly_is_marked_and_its_consequences_are_not() -> None:
    async with driven(1.0) as one:
        cause = step(one)
        sent = one.lab.call("central_system", "Reset", {"type": "Soft"}, {}, cause=cause)
        one.lab.call("charge_point", "Heartbeat", {}, {}, cause=sent)
        one.lab.call("charge_point", "Authorize", {"idTag": "x"}, {})
        await one.tick()
        (row,) = marked(one, "#ocpp-list")
        assert "Reset" in row


async def test_what_an_injector_causes_once_it_is_off_is_its_undoing() -> None:
    async with driven(1.0) as one:
        cause = step(one, active=False)
        one.lab.call("central_system", "Reset", {"type": "Soft"}, {}, cause=cause)
        one.lab.call("charge_point", "Authorize", {"idTag": "x"}, {})
        await one.tick()
        assert marked(one, "#ocpp-list") == []


async def test_forged_frames_are_marked_in_the_trace_and_by_identifier() -> None:
    async with driven(1.0) as one:
        cause = step(one, "forged 0x300", layer="can")
        one.lab.frame(0x300, b"\x14\0", node="x", cause=cause)
        one.lab.frame(0x200)
        await one.tick()
        (row,) = marked(one, "#can-ids")
        assert "300" in row
        await one.press("t")
        one.lab.clock.t += 1.0
        await one.tick()
        (row,) = marked(one, "#can-trace")
        assert "20 A" in row


async def test_an_identifier_is_marked_only_while_it_is_forged() -> None:
    async with driven(1.0) as one:
        one.lab.frame(0x300, b"\x14\0", node="x", cause=step(one))
        await one.tick()
        assert marked(one, "#can-ids")
        one.lab.clock.t += 2.0
        one.lab.frame(0x300, b"\0\0")
        await one.tick()
        assert not marked(one, "#can-ids")


async def test_the_detail_says_which_attack_and_which_step_it_was() -> None:
    async with driven(1.0) as one:
        one.lab.call("central_system", "Reset", {"type": "Soft"}, {}, cause=step(one))
        await one.tick()
        await one.press("enter")
        assert one.shows(DetailScreen)
        told = " ".join(str(each.render()) for each in one.screen.query(".block"))
        assert "injected by fluctuation-1 · SetChargingProfile 0 A" in " ".join(told.split())


async def test_a_filter_finds_what_was_injected() -> None:
    async with driven(1.0) as one:
        one.lab.call("central_system", "Reset", {"type": "Soft"}, {}, cause=step(one))
        await one.tick()
        await one.press("slash", *"injected", "enter")
        rows = [line for line in one.text("#ocpp-list").splitlines() if line.strip()]
        assert len(rows) == 1
        assert "Reset" in rows[0]


async def test_a_message_that_was_changed_on_its_way_is_marked_with_both_of_its_values() -> None:
    async with driven(1.0) as one:
        for phase, kind in (("sent", "Soft"), ("delivered", "Hard")):
            message = OcppMessage(
                station="CP1",
                sender="central_system",
                phase=phase,  # type: ignore[arg-type]
                kind="call",
                uid="9",
                action="Reset",
                body=as_json({"type": kind}),
            )
            one.lab.publish(message)
        one.lab.call("charge_point", "Authorize", {"idTag": "x"}, {})
        await one.tick()
        (row,) = marked(one, "#ocpp-list")
        assert "≠ Soft → Hard" in row
