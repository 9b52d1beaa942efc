"""The documentation that is shipped: which chapters there are, and their text.

The files are ``evtui/docs/*.md``; what is made in them is made by :mod:`evtui.docs.build`.
"""

from __future__ import annotations

import re
from importlib.resources import files

__all__ = ["TOPICS", "text_of", "title_of"]

TOPICS = {
    "screen": "panels and signs; over SSH, in tmux, in a browser",
    "keys": "every key, in the lab and in a replay",
    "anomalies": "every anomaly: what it does, what one sees, its parameters",
    "anomaly": "repeated current fluctuation, variants, attacks by hand",
    "scenarios": "evtui run, and the language of scenario files",
    "run-folder": "the files of a recording: columns, ground truth, labels",
    "replay": "recordings and CAN logs in the terminal",
    "logs": "logs of other tools: formats, time, what is told",
    "charge-point": "configuration keys, smart charging, files, offline",
    "central-system": "admission, passwords, transactions, limits",
    "in-between": "a proxy between your charge points and your CSMS",
    "can": "the frames, and python-can programs on the bus",
    "real-can": "adapters, sides, arming, listening only",
    "power-stages": "ramps, phases, vehicles, and what an ampere means",
    "outputs": "JSON for programs: events, results, checks, settings",
    "python-api": "the central system and the whole lab as a library",
    "settings": "the settings file, exit codes",
    "troubleshooting": "what you see, and what to do",
    "conformance": "every message of OCPP 1.6, broken ones, foreign peers",
    "security": "what an attack can reach, and how to report a fault",
    "architecture": "how it is built, checked and measured",
    "contributing": "add a step, a column, a detector, a command, a panel",
    "glossary": "words of the field and of this program",
    "changelog": "what changed, by version",
}
"""What each chapter is about, in the order in which they are listed; at most 60 characters."""

_COMMENT = re.compile(r"^<!-- .* -->\n\n?", re.MULTILINE)


def text_of(topic: str) -> str:
    """A chapter in Markdown, without the comments that mark what is made in it.

    Raises:
        KeyError: there is no such chapter.
    """
    if topic not in TOPICS:
        raise KeyError(topic)
    source = files("evtui").joinpath("docs", f"{topic}.md").read_text(encoding="utf-8")
    return _COMMENT.sub("", source)


def title_of(topic: str) -> str:
    """The heading of a chapter.

    Raises:
        KeyError: there is no such chapter.
    """
    return text_of(topic).partition("\n")[0].removeprefix("# ")
