"""Messages arrive more than once."""

from __future__ import annotations

from evtui.anomalies.api import Signature, parameter
from evtui.anomalies.link._messages import SHARE, ChosenMessages, OnTheLink, named
from evtui.anomalies.run import Run
from evtui.anomalies.targets import Deed
from evtui.durations import Seconds
from evtui.kinds import Integer
from evtui.ocppj import Let, Passing

__all__ = ["DuplicateParameters", "LinkDuplicate"]


class DuplicateParameters(ChosenMessages):
    """What one can tweak."""

    probability: float = parameter(SHARE, "share of them that is repeated", default=0.5)
    copies: int = parameter(Integer(1, 5), "of each", default=1)
    gap_s: float = parameter(Seconds(0.0, 2.0), "between two of them", default=0.5)


class LinkDuplicate(OnTheLink[DuplicateParameters]):
    """Sends copies of messages behind them, under the same message id.

    Each end of the lab remembers the last 32 calls of a connection that it has answered, so a
    copy is recognised unless more calls than that come in between.
    """

    name = "link-duplicate"
    title = "Repeated messages"
    about = (
        "Whoever relays the connection sends messages again, under the same message id. A receiver "
        "that does not know the id from before starts or stops a transaction twice, or counts "
        "energy twice; one that does answers again without acting, and its answer is one to "
        "nothing."
    )
    signature = Signature(
        ocpp="message ids that come twice; answers to nothing",
        can="nothing, where the receiver knows its messages",
        current="nothing, where the receiver knows its messages",
    )
    severity = 2
    stakes = ("fraud", "availability")
    references = ("OCPP-J 1.6 errata 3.1 (message ids are unique)",)
    claims = frozenset({"station link duplicate", "station calls"})  # no flood meanwhile
    undone = "copies that are still held are thrown away"
    Parameters = DuplicateParameters
    pace = ("gap_s",)

    def treat(self, run: Run[DuplicateParameters], message: Passing) -> Deed:
        copies, gap = run.parameters.copies, run.parameters.gap_s
        lets = tuple(
            Let(message.text, gap * number, overtaken=number > 0, copy=number > 0)
            for number in range(copies + 1)
        )
        times = "once more" if copies == 1 else f"{copies} times more"
        return Deed(f"{named(message)} sent {times}", lets)
