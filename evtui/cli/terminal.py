"""The terminal before the app takes it over."""

from __future__ import annotations

import os
import sys

from evtui.config import Settings, over_ssh

__all__ = ["prepare_textual", "terminal_trouble"]

DRIVER = "TEXTUAL_DRIVER"
"""Set by whoever brings a terminal of its own: textual-serve, whose terminal is a web page."""

KEYS_PER_FRAME = 6
"""Times that keys may be answered between two frames of the lab."""


def terminal_trouble() -> str:
    """Why no app can be shown here, with the way out; empty where it can."""
    if os.environ.get(DRIVER):
        return ""
    for stream, name in ((sys.stdin, "input"), (sys.stdout, "output")):
        if stream is None or not stream.isatty():
            return f"standard {name} is not one; over SSH use ssh -t"
    if os.environ.get("TERM") == "dumb":
        return "TERM=dumb cannot move the cursor; try TERM=xterm-256color"
    return ""


def prepare_textual(settings: Settings) -> None:
    """Set what Textual reads once, when it is imported."""
    ssh = over_ssh(os.environ)
    # The lab is drawn at its own rate; this is how long what a key has changed waits for others.
    rate = min(60, KEYS_PER_FRAME * settings.frame_rate(ssh=ssh))
    os.environ["TEXTUAL_FPS"] = str(rate)
    if ssh:
        os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
