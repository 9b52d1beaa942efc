"""From checked settings to a running terminal, and back out of it in every way there is."""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
import threading
from typing import TYPE_CHECKING

from evtui.config import FAVOURITES, Settings, over_ssh
from evtui.escaping import for_terminal
from evtui.live import LiveFeed, LiveLab
from evtui.recording.write import secret_inputs
from evtui.redaction import hide
from evtui.runtime import ExitGuard

if TYPE_CHECKING:
    from evtui.canbus import CanDatabase
    from evtui.scenario.language import Plan
    from evtui.station import StateFile

__all__ = ["run"]

ENGINE_STOP = 6.0
"""s the engine gets to reach its safe state; it needs less than 3 with a peer that answers."""

UNWRITTEN, BAD_INPUT, LAB_FAILED = 1, 2, 3
"""Exit codes."""

SETTLED_AFTER = 2.0
"""s after which everything that lives as long as the program is there."""


def run(
    settings: Settings,
    listener: socket.socket | None,
    *,
    plan: Plan | None = None,
    feed: LiveFeed | None = None,
    state: StateFile | None = None,
    told: str = "",
    database: CanDatabase | None = None,
) -> int:
    """Run the lab in the terminal.

    Args:
        settings: checked settings; with a plan those of :func:`evtui.live.settings_for`.
        listener: listening socket for our central system; None with ``--csms``.
        plan: a scenario that runs in the lab.
        feed: gets every event; closed on leaving.
        state: what the charge points must not forget; closed on leaving.
        told: a line for people to begin with.
        database: says what frames mean, before what our protocols say.

    Returns:
        Exit code: 0 after ``q``, 130 after Ctrl+C, 128 plus the number of a signal, 1 when
        the terminal part failed or the state file could not be written, 2 when it could not be
        used, 3 when the lab ended by itself.
    """
    gc.disable()
    guard = ExitGuard()  # before any thread starts
    _collect_later()
    secrets = [*settings.secrets]
    if plan is not None:
        secrets += secret_inputs(plan.text, plan.inputs)
    lab = LiveLab(settings, listener, plan=plan, feed=feed, state=state)

    from evtui.station import StateError
    from evtui.tui.app import EvtuiApp
    from evtui.tui.colours import only_sixteen
    from evtui.tui.models.meanings import bring
    from evtui.tui.models.selection import ChosenPlace
    from evtui.tui.theme_choice import theme_at_start

    bring(database)
    # Not before: both would then wait for each other's imports, and the first frame with them.
    lab.start()
    app: EvtuiApp | None = None

    def why() -> str:
        """Why the app leaves, for what is being recorded; empty when somebody wanted it to."""
        code = None if app is None else app.return_code
        if guard.signal is not None:
            return signal.Signals(guard.signal).name
        if code == 128 + signal.SIGINT:
            return signal.SIGINT.name
        if app is not None and app.page_is_closed:
            return "the page was closed"
        return "" if code == 0 else "the terminal part failed"

    try:
        app = EvtuiApp(
            lab,
            fps=settings.frame_rate(ssh=over_ssh(os.environ)),
            theme=theme_at_start(settings.theme),
            known={"idTag": settings.id_tag},
            secrets=secrets,
            sixteen_colours=only_sixteen(),
            first=None if plan is None else ChosenPlace(*plan.first_place),
            told=told,
            favourites=settings.favourites or FAVOURITES,
        )

        def ask_to_leave() -> None:
            # call_from_thread waits for the app, which may be stuck: on a thread that may, too.
            threading.Thread(target=app.call_from_thread, args=(app.exit,), daemon=True).start()

        guard.watch(make_safe=lambda: lab.stop(ENGINE_STOP, why()), ask_to_leave=ask_to_leave)
        app.run(mouse=settings.mouse)
    finally:
        safe = lab.stop(ENGINE_STOP, why())
        guard.leave()
    troubles = (*lab.recording_troubles, lab.feed_trouble, lab.state_trouble, lab.trouble)
    for trouble in filter(None, dict.fromkeys(troubles)):
        print(f"evtui: {for_terminal(hide(trouble))}", file=sys.stderr)
    if not safe:
        print("evtui: the lab did not reach its safe state in time", file=sys.stderr)
        return 1
    if guard.signal is not None:
        return 128 + guard.signal
    if lab.failure is not None:
        return BAD_INPUT if isinstance(lab.failure, StateError) else LAB_FAILED
    return app.return_code or (UNWRITTEN if lab.state_trouble else 0)


def _collect_later() -> None:
    """Collect garbage once the program is up, and leave out what was there by then.

    A full collection looks at every object of every module: 75 to 96 ms in which no key and no
    CAN frame is served, 20 to 39 ms without those that never become garbage.
    """

    def settle() -> None:
        gc.freeze()
        gc.enable()

    timer = threading.Timer(SETTLED_AFTER, settle)
    timer.daemon = True
    timer.start()
