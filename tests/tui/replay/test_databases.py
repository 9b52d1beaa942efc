"""A log of another tool in the replay: named and decoded by a database, drawn on the chart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import can
import pytest

from evtui.canbus.database import load_database
from evtui.cli.main import main
from evtui.cli.replay import _decoding
from evtui.recording.read import RunFolder
from evtui.runtime import SteadyClock
from evtui.tui.models.meanings import bring
from evtui.tui.replay.app import ReplayApp
from evtui.tui.replay.handle import ReplayHandle
from evtui.tui.replay.overview import Overview
from evtui.tui.replay.screen import About, ReplayScreen
from tests.canbus.databases import written
from tests.tui.driving import handled
from tests.tui.replay.driving import settle


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Ten seconds in which the current rises from 0 to 99 A."""
    path = tmp_path / "drive.blf"
    with can.BLFWriter(path) as writer:
        for n in range(100):
            data = (4000).to_bytes(2, "little") + (n * 10).to_bytes(2, "little") + bytes(4)
            writer.on_message_received(
                can.Message(
                    timestamp=1_795_000_000 + n / 10,
                    arbitration_id=0x300,
                    is_extended_id=False,
                    data=data,
                    channel=0,
                )
            )
    return path


@pytest.fixture(autouse=True)
def _nothing_stays() -> Iterator[None]:
    yield
    bring(None)


async def test_a_signal_of_a_blf_is_named_decoded_and_on_the_chart(
    log: Path, tmp_path: Path
) -> None:
    database = load_database(written(tmp_path, "dbc"))
    bring(database)
    folder = RunFolder(log)
    about = About(
        name=log.name,
        lines=[],
        problems=lambda: folder.problems,
        overview=Overview,
        signals=database.signals("Output.Current"),
        only_frames=True,
    )
    app = ReplayApp(ReplayHandle(folder, SteadyClock(2.0)), about, fps=0.001)
    async with app.run_test(size=(120, 36)) as pilot:
        main_screen = app.screen_stack[0]
        assert isinstance(main_screen, ReplayScreen)
        await pilot.press("end")
        await handled(pilot)
        await settle(pilot)
        assert main_screen.can.view.has_focus
        [signal] = main_screen.current.charted.signals
        assert (signal.label, signal.unit) == ("Output.Current", "A")
        assert signal.newest == pytest.approx(99.0)
        assert signal.points[0] == pytest.approx((0.0, 0.0))
        assert "Output" in main_screen.can.ids.row(0).name
        assert "Current 99 A" in main_screen.can.ids.row(0).signals
        app.exit()


def test_without_a_database_a_signal_is_one_of_our_protocol() -> None:
    database, signals = _decoding(None, ["0x300"])
    assert database is None
    assert [(each.message, each.name) for each in signals] == [("Current", "Current")]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--dbc", "none.dbc"], "none.dbc: no such file or directory"),
        (["--signal", "Curent"], "Curent: no signal or message of our protocol; did you mean"),
        (["--dbc", "{dbc}", "--signal", "Output", "--signal", "Limits"], "--signal: 6 signals"),
    ],
)
def test_what_is_not_there_is_told_before_the_terminal_is_asked_for(
    given: list[str], told: str, log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dbc = str(written(tmp_path, "dbc"))
    assert main(["replay", str(log), *(each.replace("{dbc}", dbc) for each in given)]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"evtui: {told}")
    assert error.count("\n") == 1
