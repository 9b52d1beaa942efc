"""Messages arrive broken."""

from __future__ import annotations

import re

from evtui.anomalies.api import Signature, parameter
from evtui.anomalies.link._messages import SHARE, ChosenMessages, OnTheLink, named
from evtui.anomalies.run import Run
from evtui.anomalies.targets import Deed
from evtui.kinds import Integer
from evtui.ocppj import Let, Passing

__all__ = ["CorruptParameters", "LinkCorrupt"]

STRUCTURE = re.compile(r'"(?:[^"\\]|\\.)*"|([][{}:,])')
"""Finds brackets, colons and commas beside strings: without one a text is no JSON any more."""

LETTERS = "abcdefghijklmnopqrstuvwxyz"


class CorruptParameters(ChosenMessages):
    """What one can tweak."""

    probability: float = parameter(SHARE, "share of them that is broken", default=0.2)
    characters: int = parameter(Integer(1, 100), "that are overwritten in each", default=1)


class LinkCorrupt(OnTheLink[CorruptParameters]):
    """Overwrites brackets, colons and commas with letters: no reader takes the text.

    A value that is changed and still valid is another anomaly: see meter-falsify.
    """

    name = "link-corrupt"
    title = "Corrupted messages"
    about = (
        "Whoever relays the connection, or a gateway that is broken, spoils characters of a "
        "message so that it is no JSON any more. The receiver answers a FormationViolation, if it "
        "survives it, under an id that its sender cannot know; the sender waits until its time is "
        "over."
    )
    signature = Signature(
        ocpp="texts that are no OCPP, FormationViolation, calls without an answer",
        can="commands that were sent have no frame",
        current="does not follow a command that was spoilt",
    )
    severity = 3
    stakes = ("availability",)
    references = ("OCPPStorm: Coppoletta et al., UIC 2024",)
    claims = frozenset({"station link corrupt"})
    ends = "when nobody waits for what was spoilt"
    undone = "a connection on which somebody still waits for an answer is ended and made anew"
    Parameters = CorruptParameters

    def treat(self, run: Run[CorruptParameters], message: Passing) -> Deed:
        text = list(message.text)
        places = [found.start() for found in STRUCTURE.finditer(message.text) if found[1]]
        wanted = min(run.parameters.characters, len(places))
        for place in run.chance.sample(places, wanted):
            text[place] = run.chance.choice(LETTERS)
        spoilt = "".join(text)
        characters = "1 character" if wanted == 1 else f"{wanted} characters"
        return Deed(f"{named(message)}: {characters} spoilt", (Let(spoilt),), spoilt=True)
