"""Messages do not arrive."""

from __future__ import annotations

from evtui.anomalies.api import Signature, parameter
from evtui.anomalies.link._messages import SHARE, ChosenMessages, OnTheLink, named
from evtui.anomalies.run import Run
from evtui.anomalies.targets import Deed
from evtui.ocppj import Passing

__all__ = ["DropParameters", "LinkDrop"]


class DropParameters(ChosenMessages):
    """What one can tweak."""

    probability: float = parameter(SHARE, "share of them that is dropped", default=0.2)


class LinkDrop(OnTheLink[DropParameters]):
    """Drops messages.

    TCP loses nothing from the middle of a stream: only who relays the connection can do this.
    """

    name = "link-drop"
    title = "Dropped messages"
    about = (
        "Whoever relays the connection lets some messages vanish. Their sender waits until its "
        "time is over (30 s here) and says nothing else meanwhile; commands do not take effect, "
        "meter values are missing, and a StopTransaction is sent again after a minute."
    )
    signature = Signature(
        ocpp="calls without an answer; gaps of 30 s in what one side says",
        can="commands that were sent have no frame",
        current="does not follow a command that was dropped",
    )
    severity = 3
    stakes = ("availability",)
    references = ("Alcaraz et al. 2023, 10.1007/s10207-023-00698-8",)
    claims = frozenset({"station link drop"})
    ends = "when nobody waits for what was dropped"
    undone = "a connection on which somebody still waits for an answer is ended and made anew"
    Parameters = DropParameters

    def treat(self, run: Run[DropParameters], message: Passing) -> Deed:
        return Deed(f"{named(message)} dropped")
