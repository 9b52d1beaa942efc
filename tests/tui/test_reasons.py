"""Why there is no connection, and when it is tried again, wherever a person looks."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from evtui.events import CentralSystemState, LinkState, OcppMessage, as_json
from evtui.tui.app import EvtuiApp
from evtui.tui.models.station_lines import trouble
from evtui.tui.models.stations import Station, StationRows
from evtui.tui.models.text import cut, first_fitting, fold
from evtui.tui.rows import Piece, cut_row, row_text, row_width
from evtui.tui.screens.main import MainScreen
from evtui.tui.screens.stations import StationsScreen
from tests.tui.driving import Driven, driven, handled
from tests.tui.fake_lab import FakeLab
from tests.tui.fleet import connector, foreign

REASONS = {
    "connection refused": "cannot connect: connection refused: nothing listens at 127.0.0.1:8180",
    "certificate not trusted": "cannot connect: certificate not trusted: self-signed certificate "
    "(SSL_CERT_FILE names those that are)",
    "401 Unauthorized": "cannot connect: 401 Unauthorized: it wants a password, or another one",
    "404 Not Found": "cannot connect: 404 Not Found: it does not know this identity, or the path",
    "host not found": "cannot connect: host not found: csms.example (Name or service not known)",
    "no answer in 10 s": "cannot connect: no answer in 10 s: from 127.0.0.1:8180",
    "no TLS": "cannot connect: no TLS: 127.0.0.1:8180 speaks something else, perhaps plain ws://",
    "no ocpp1.6": "cannot connect: no ocpp1.6: unsupported subprotocol: ocpp2.0.1",
    "another client called CP1?": "another client called CP1?: put out 3 times soon after the "
    "start: closed by peer with 1001",
    "closed by peer with 1011": "closed by peer with 1011: internal error",
}


def lost(lab: FakeLab, detail: str, again: float, state: str = "offline") -> None:
    """Our charge point has no connection to somebody else's central system."""
    lab.publish(CentralSystemState(url="ws://127.0.0.1:8180/steve", listening=False, ours=False))
    lab.publish(
        LinkState(
            source="CP1",
            station="CP1",
            side="charge_point",
            state=state,
            detail=detail,
            next_try=again if state == "offline" else None,
        )
    )


def shown(one: Driven) -> list[str]:
    """Every line of the screen on top."""
    strips = one.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip).rstrip() for strip in strips]


@pytest.mark.parametrize(
    ("size", "short"),
    [*(((80, 24), short) for short in REASONS), *(((120, 36), short) for short in [*REASONS][:2])],
)
async def test_status_line_panel_and_list_say_why_and_when_the_next_try_is(
    short: str, size: tuple[int, int]
) -> None:
    async with driven(1.0, size=size) as one:
        lost(one.lab, REASONS[short], 13.0)
        await one.tick()
        assert f"CSMS ○ {short}" in one.text("#status") or size[0] > 80
        assert short in one.text("#status")
        assert "12 s" in one.text("#status")
        assert one.title("#ocpp").startswith(f"OCPP · CP1 ○ {short}, next try in 12 s")
        await one.press("l")
        await handled(one.pilot)
        row, first, second = shown(one)[2], shown(one)[size[1] - 6], shown(one)[size[1] - 5]
        assert short in row
        assert "12 s" in row
        assert "CP1 · " in first
        assert "next try in 12 s" in first
        assert short in second
        assert REASONS[short].removeprefix("cannot connect: ") in second or "…" in second
        one.lab.clock.t = 4.0
        await one.tick()
        assert "9 s" in shown(one)[2]
        await one.press("escape")
        one.main._status_at = -10.0
        await one.tick()
        assert "9 s" in one.text("#status")
        assert "next try in 9 s" in one.title("#ocpp")


async def test_the_panel_of_charge_points_says_why_where_there_are_several() -> None:
    async with driven(1.0, size=(120, 36)) as one:
        connector(one.lab, "CP1", 2)
        lost(one.lab, REASONS["401 Unauthorized"], 13.0)
        one.lab.clock.t += 1.0
        await one.tick()
        await handled(one.pilot)
        assert "401 Unauthorized" in one.text("#charge-points")
        assert "11 s" in one.text("#charge-points")


async def test_while_it_is_tried_again_the_reason_stays() -> None:
    async with driven(1.0, size=(80, 24)) as one:
        lost(one.lab, REASONS["connection refused"], 13.0)
        lost(one.lab, "", 0.0, state="connecting")
        await one.tick()
        assert "CSMS ○ connection refused  CP1 ○ connecting" in one.text("#status")
        assert "connection refused, trying again" in one.title("#ocpp")
        lost(one.lab, "", 0.0, state="connected")
        lost(one.lab, "", 0.0, state="accepted")
        await one.tick()
        assert "refused" not in one.text("#status")
        assert one.title("#ocpp").startswith("OCPP · ")
        assert "refused" not in one.title("#ocpp")


def test_nothing_is_said_of_a_connection_that_stands_or_was_never_tried() -> None:
    for link in ("accepted", "connected", "booting", "asking"):
        assert trouble(Station(0, "A", link=link, link_detail="was accepted before"), 0) is None
    assert trouble(Station(0, "A", link="connecting"), 0) is None
    assert trouble(None, 0) is None


# A station that is none


def invalid(station: str, error: str = "no JSON", link: int = 1) -> OcppMessage:
    return OcppMessage(
        station=station,
        sender="charge_point",
        phase="delivered",
        kind="invalid",
        uid="",
        action="",
        error=error,
        link=link,
        body=as_json(None),
    )


def refusal(station: str) -> OcppMessage:
    return invalid(station, "sub-protocol", link=0)


def link(station: str, state: str) -> LinkState:
    return LinkState(station=station, side="central_system", state=state)


@pytest.mark.parametrize(
    "events",
    [
        [refusal("X")],
        [link("X", "connected"), link("X", "offline")],
        [link("X", "connected"), refusal("X"), link("X", "offline")],
        [link("X", "connected"), invalid("X"), link("X", "offline")],
        [link("X", "connected"), link("X", "offline"), refusal("X")],
        [refusal("X"), link("X", "connected"), link("X", "offline"), link("X", "offline")],
    ],
)
async def test_whoever_was_refused_or_said_nothing_leaves_no_row(
    events: list[OcppMessage | LinkState],
) -> None:
    stations = StationRows()
    stations.feed(events)
    assert list(stations.by_identity) == []


# What does not fit


WIDE = st.text(st.sampled_from("ab 漢字é…\u0301"), max_size=60)


@given(WIDE, st.integers(-1, 40), st.integers(0, 10))
def test_what_is_cut_says_so_and_fits(text: str, width: int, tail: int) -> None:
    short = cut(text, width, tail=tail)
    assert cell_len(short) <= max(width, 0)
    assert short == text or width <= 0 or "…" in short


@given(WIDE, st.integers(2, 20), st.integers(1, 4))
def test_what_is_folded_loses_nothing_without_saying_so(text: str, width: int, lines: int) -> None:
    folded = fold(text, width, lines)
    assert folded.count("\n") < lines
    assert all(cell_len(line) <= width for line in folded.split("\n"))
    whole = "".join(text.split()) == "".join(folded.split())
    assert whole or folded.endswith("…")


@given(st.lists(WIDE, max_size=5), st.integers(1, 40))
@example(["\u0301", "a "], 1)
@example(["a", "\u0301 "], 1)
def test_a_row_that_is_cut_says_so_in_the_role_of_what_is_cut(texts: list[str], width: int) -> None:
    row = tuple(Piece(text, f"role-{number}") for number, text in enumerate(texts))
    short = cut_row(row, width)
    assert row_width(short) <= width
    if row_width(row) <= width:
        assert short == row
    elif cell_len(row_text(row).rstrip()) <= width:  # only blanks are missing
        assert row_text(short).rstrip() == row_text(row).rstrip()
    else:
        assert row_text(short).endswith("…")
        assert short[:-1] == row[: len(short) - 1]
        assert short[-1].role == row[len(short) - 1].role


def test_the_first_form_that_fits_is_taken_else_the_last_is_cut() -> None:
    assert first_fitting(("long form", "short"), 9) == "long form"
    assert first_fitting(("long form", "short"), 8) == "short"
    assert first_fitting(("long form", "short"), 4) == "sho…"


async def test_however_much_there_is_to_say_the_status_line_loses_nothing_without_a_sign() -> None:
    lab = FakeLab()
    async with driven(6.0, size=(80, 24), lab=lab) as one:
        name = "A-charge-point-with-a-very-long-name-of-48-cells"
        foreign(lab, name)
        await one.tick()
        one.main._choose_foreign(name)
        await handled(one.pilot)
        line = one.text("#status")
        assert cell_len(line) == 80
        assert "…" in line
        for part in ("CSMS", "A-c", "48-cells", "CAN", "▶", "·"):
            assert part in line


# Pictures


async def off(one: Driven) -> None:
    await one.tick()


@pytest.mark.parametrize("short", ["connection refused", "certificate not trusted"])
def test_no_connection_to_a_foreign_central_system(
    snap_compare: Callable[..., bool], short: str
) -> None:
    lab = FakeLab()
    lab.play(1.0)
    lost(lab, REASONS[short], 13.0)

    async def settle(pilot: object) -> None:
        main = app.screen_stack[0]
        assert isinstance(main, MainScreen)
        main.tick()

    app = EvtuiApp(lab, fps=0.001)
    assert snap_compare(app, run_before=settle, terminal_size=(80, 24))


def test_the_list_of_a_station_without_a_connection(snap_compare: Callable[..., bool]) -> None:
    lab = FakeLab()
    lab.play(1.0)
    lost(lab, REASONS["404 Not Found"], 13.0)

    async def settle(pilot: object) -> None:
        main = app.screen_stack[0]
        assert isinstance(main, MainScreen)
        main.tick()
        await main.do("view.stations")
        while not isinstance(app.screen, StationsScreen):
            await pilot.pause(0.01)  # type: ignore[attr-defined]
        main.tick()

    app = EvtuiApp(lab, fps=0.001)
    assert snap_compare(app, run_before=settle, terminal_size=(80, 24))
