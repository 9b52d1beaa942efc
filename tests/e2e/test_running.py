"""What a person sees and does, in a real pseudo-terminal."""

from __future__ import annotations

import re

import pytest

from tests.e2e.conftest import QUICK, Start
from tests.e2e.screens import actual, drawn, up
from tests.e2e.terminal import Terminal

pytestmark = pytest.mark.e2e

SIZES = [(80, 24), (120, 36)]


@pytest.mark.parametrize(
    ("columns", "rows"), [SIZES[0], pytest.param(*SIZES[1], marks=pytest.mark.full)]
)
def test_one_key_sets_ocpp_can_current_and_alarm_in_motion(
    start: Start, columns: int, rows: int
) -> None:
    terminal = up(start("--port", "0", *QUICK, columns=columns, rows=rows))
    terminal.send("s")
    for action in (
        "SetChargingProfile",
        "RemoteStartTransaction",
        "StartTransaction",
        "MeterValues",
        "RemoteStopTransaction",
        "StopTransaction",
    ):
        terminal.wait_for(f"{action} ")
    for frame in ("210 SetLimit", "200 StartCharging", "201 StopCharging", "300 Current"):
        terminal.wait_for(frame)
    terminal.wait_for(lambda screen: 97 <= actual(screen) <= 100)
    terminal.wait_for(lambda screen: 0 <= actual(screen) <= 30)
    terminal.wait_for(lambda screen: re.search(r"▲ \d+\.\d s", screen))


def test_a_shorter_period_shows_in_the_parameters_and_on_the_bus(start: Start) -> None:
    terminal = up(start("--port", "0", "--waits", "0.2,0.2,0.6,0.5", columns=120, rows=36))
    terminal.send("s")
    terminal.wait_for("period 1.5 s")
    terminal.wait_for(lambda screen: 1.4 <= _start_period(screen) <= 1.6)
    terminal.send("[[[")
    terminal.wait_for(lambda screen: 0.7 <= _period(screen) <= 0.8)
    terminal.wait_for(lambda screen: 0 < _start_period(screen) < 1.1)
    terminal.send("]")
    terminal.wait_for(lambda screen: 0.9 <= _period(screen) <= 1.0)


@pytest.mark.full
def test_every_variant_swings_the_current_and_v_changes_it_while_it_runs(start: Start) -> None:
    waits = ("--waits", "0.6,0.2,0.7,0.3")
    terminal = up(start("--port", "0", *waits, columns=120, rows=36))
    terminal.send("s")
    for variant in ("seed", "txprofile", "txdefault", "startstop"):
        terminal.wait_for(f"variant {variant}")
        terminal.wait_for(lambda screen: actual(screen) >= 60)
        terminal.wait_for(lambda screen: actual(screen) <= 40)
        terminal.send("v")
    terminal.wait_for("variant seed")


def test_a_strict_station_rejects_the_seeds_profiles(start: Start) -> None:
    terminal = up(start("--port", "0", *QUICK, columns=120, rows=36))
    terminal.send("S")
    terminal.wait_for("strict")
    terminal.send("s")
    terminal.wait_for(lambda screen: re.search("SetChargingProfile +✗.*Rejected", screen))


def test_all_clear_ends_everything(start: Start) -> None:
    terminal = up(start("--port", "0", *QUICK, columns=120, rows=36))
    terminal.send("[s")
    terminal.wait_for(lambda screen: actual(screen) >= 50)
    terminal.send("0")
    terminal.wait_for("■ idle")
    terminal.wait_for(lambda screen: actual(screen) == 0)
    terminal.wait_for("all clear")
    terminal.wait_for("period 2.8 s")
    terminal.wait_for("ClearChargingProfile")


def test_help_pause_and_filter_leave_the_lab_alone(start: Start) -> None:
    terminal = up(start("--port", "0", *QUICK, columns=120, rows=36))
    terminal.send("?")
    terminal.wait_for("End every anomaly, attack, CAN message")
    terminal.send("\x1b")
    terminal.wait_for(lambda screen: "End every anomaly" not in screen and drawn(screen))

    terminal.send("s")
    terminal.wait_for("RemoteStartTransaction")
    terminal.send(" ")
    terminal.wait_for(lambda screen: _held_back(screen) >= 20)
    terminal.send(" ")
    terminal.wait_for(lambda screen: "PAUSED" not in screen)

    terminal.send("/")
    terminal.wait_for("text or /regex/")
    terminal.send("meterv\r")
    terminal.wait_for("filter meterv")
    terminal.wait_for(lambda screen: "MeterValues" in screen and " SetCharging" not in screen)


def test_below_two_dialogs_stand_the_keys_of_the_upper_one(start: Start) -> None:
    terminal = up(start("--port", "0", columns=120, rows=36))
    for keys, shown in (
        ("M", "nothing yet"),
        ("n", "StopCharging 201"),
        ("setl", "SetLimit 210"),
        ("\r", "SetLimit 210 on the bus of CP1"),
    ):
        terminal.send(keys)
        terminal.wait_for(shown)
    terminal.wait_for(
        lambda screen: screen.rstrip().splitlines()[-1].split()[:2] == ["enter", "send"]
    )


def test_any_size_is_survived_and_a_small_one_says_what_is_needed(start: Start) -> None:
    terminal = up(start("--port", "0", *QUICK, columns=120, rows=36))
    terminal.send("s")
    for step in range(60):
        terminal.resize(120 - step * 100 // 60, 36 - step * 31 // 60)
    terminal.resize(20, 5)
    terminal.wait_for(lambda screen: "60x15" in screen and "OCPP" not in screen)
    for step in range(60):
        terminal.resize(20 + step * 3, 5 + step)
    terminal.resize(80, 24)
    terminal.wait_for(drawn)
    terminal.wait_for(lambda screen: actual(screen) >= 97)


def test_a_pasted_text_presses_no_keys(start: Start) -> None:
    terminal = up(start(columns=120, rows=36))
    text = "s0xq \x1by\r\n" * 1_000
    terminal.paste(text.replace("\x1b", ""))
    terminal.send("v")
    terminal.wait_for("variant txprofile")
    assert "ANOMALY ■ idle" in terminal.text
    terminal.send("/")
    terminal.wait_for("text or /regex/")
    terminal.paste(text.replace("\x1b", "")[:10_000])
    terminal.send("\x1b")
    terminal.wait_for(lambda screen: "text or /regex/" not in screen)
    _leave(terminal)


def _leave(terminal: Terminal) -> None:
    terminal.send("q")
    assert terminal.wait() == 0


def _period(screen: str) -> float:
    found = re.search(r"waits .* period ([\d.]+) s", screen)
    return float(found[1]) if found else -1.0


def _start_period(screen: str) -> float:
    found = re.search(r"200 StartCharging +\d+ +[\d.]+ +([\d.]+) s", screen)
    return float(found[1]) if found else -1.0


def _held_back(screen: str) -> int:
    found = re.search(r"PAUSED \+(\d+)", screen)
    return int(found[1]) if found else -1
