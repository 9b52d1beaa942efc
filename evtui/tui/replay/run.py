"""From a run folder to a running terminal, and back out of it in every way there is."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Sequence
from datetime import UTC, datetime

from evtui.canbus import CanDatabase, FoundSignal
from evtui.config import Settings, over_ssh
from evtui.escaping import for_terminal
from evtui.recording.read import RunFolder
from evtui.runtime import ExitGuard, SteadyClock
from evtui.tui.replay.overview import Overview, overview_of
from evtui.tui.replay.times import show_time

__all__ = ["run"]

STOPPED = 2.0
"""s between two frames that are no slow link any more: what plays goes on where it was."""


def run(
    folder: RunFolder,
    settings: Settings,
    database: CanDatabase | None = None,
    signals: Sequence[FoundSignal] = (),
) -> int:
    """Play a recording in the terminal.

    Args:
        folder: what to play.
        settings: how the terminal is used; what they say of a lab does not matter.
        database: says what frames mean, before what our protocols say.
        signals: that are on the chart from the beginning.

    Returns:
        Exit code: 0 after ``q``, 130 after Ctrl+C, 128 plus the number of a signal, 1 when
        the terminal part failed.
    """
    guard = ExitGuard()  # before any thread starts

    from evtui.tui.colours import only_sixteen
    from evtui.tui.models.meanings import bring
    from evtui.tui.replay.app import ReplayApp
    from evtui.tui.replay.handle import ReplayHandle
    from evtui.tui.replay.screen import About
    from evtui.tui.theme_choice import theme_at_start

    bring(database)
    handle = ReplayHandle(folder, SteadyClock(STOPPED))
    try:
        about = About(
            name=for_terminal(folder.path.resolve().name),
            lines=[for_terminal(line) for line in _lines(folder)],
            problems=lambda: folder.problems,
            overview=lambda: _overview(folder),
            signals=signals,
            only_frames=folder.is_log,
        )
        fps = settings.frame_rate(ssh=over_ssh(os.environ))
        app = ReplayApp(
            handle,
            about,
            fps=fps,
            theme=theme_at_start(settings.theme),
            sixteen_colours=only_sixteen(),
        )

        def ask_to_leave() -> None:
            # call_from_thread waits for the app, which may be stuck: on a thread that may, too.
            threading.Thread(target=app.call_from_thread, args=(app.exit,), daemon=True).start()

        guard.watch(make_safe=handle.close, ask_to_leave=ask_to_leave)
        gc.freeze()  # what was imported never becomes garbage, and need not be looked at
        app.run(mouse=settings.mouse)
    finally:
        handle.close()
        guard.leave()
    if guard.signal is not None:
        return 128 + guard.signal
    return app.return_code or 0


def _overview(folder: RunFolder) -> Overview:
    if folder.is_log:
        return Overview()  # nothing but frames
    # On a thread of its own, and so with a folder of its own.
    return overview_of(RunFolder(folder.path))


def _lines(folder: RunFolder) -> list[str]:
    """What was recorded, from the manifest as far as there is one."""
    start = datetime.fromtimestamp(folder.start_utc + folder.t_first, UTC)
    lines = [
        str(folder.path),
        f"from {start:%Y-%m-%d %H:%M:%S} UTC, {show_time(folder.t_end - folder.t_first, 1)} long",
    ]
    manifest = folder.manifest
    if manifest is None:
        return lines
    if manifest.scenario is not None:
        lines.append(f"scenario {manifest.scenario.id}: {manifest.scenario.title}")
    speed = manifest.clock.speed
    pace = f"{speed:g} times real time" if isinstance(speed, float) else "as fast as possible"
    clock = "in real time" if manifest.clock.mode == "real" else f"in virtual time, {pace}"
    lines.append(f"recorded {clock}, random seed {manifest.seed}, evtui {manifest.evtui}")
    if manifest.interrupted:
        lines.append(f"interrupted: {manifest.interrupted}")
    return lines
