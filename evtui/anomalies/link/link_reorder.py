"""Messages overtake each other."""

from __future__ import annotations

from evtui.anomalies.api import Signature, parameter
from evtui.anomalies.link._messages import SHARE, ChosenMessages, OnTheLink, named
from evtui.anomalies.run import Run
from evtui.anomalies.targets import Deed
from evtui.durations import Seconds
from evtui.ocppj import Let, Passing

__all__ = ["LinkReorder", "ReorderParameters"]


class ReorderParameters(ChosenMessages):
    """What one can tweak."""

    probability: float = parameter(SHARE, "share of them that is held back", default=0.5)
    hold_s: float = parameter(Seconds(0.01, 60.0), "for which others may pass it", default=1.5)


class LinkReorder(OnTheLink[ReorderParameters]):
    """Holds messages back and lets others pass them.

    One call of each side is in flight (OCPP-J 1.6 section 4.1.1), so in one direction an answer
    passes a call, or a call an answer; two calls only after the first has run out of time.
    """

    name = "link-reorder"
    title = "Messages out of order"
    about = (
        "Whoever relays the connection holds some messages back and lets others pass. The answer "
        "to a RemoteStartTransaction comes after the StartTransaction that it caused, or meter "
        "values after a command that they preceded: who takes the sequence of messages for that "
        "of what has happened draws wrong conclusions."
    )
    signature = Signature(
        ocpp="messages arrive in another sequence than they were sent; timestamps go back",
        can="nothing to see",
        current="nothing to see",
    )
    severity = 2
    stakes = ("availability",)
    references = ("OCPP-J 1.6 section 4.1.1",)
    claims = frozenset({"station link reorder"})
    undone = "what is held back goes on at once, in the sequence of sending"
    Parameters = ReorderParameters
    pace = ("hold_s",)

    def treat(self, run: Run[ReorderParameters], message: Passing) -> Deed:
        hold = run.parameters.hold_s
        let = Let(message.text, hold, overtaken=True)
        return Deed(f"{named(message)} may be overtaken for {hold:g} s", (let,))
