"""Messages take longer."""

from __future__ import annotations

from evtui.anomalies.api import Signature, parameter
from evtui.anomalies.link._messages import SHARE, ChosenMessages, OnTheLink, named
from evtui.anomalies.run import Run
from evtui.anomalies.targets import Deed
from evtui.durations import Seconds
from evtui.ocppj import Let, Passing

__all__ = ["DelayParameters", "LinkDelay"]


class DelayParameters(ChosenMessages):
    """What one can tweak."""

    delay_s: float = parameter(Seconds(0.01, 60.0), "for which each is held", default=2.0)
    spread: float = parameter(SHARE, "share of the delay by which it varies", default=0.25)


class LinkDelay(OnTheLink[DelayParameters]):
    """Holds each message for a while; the sequence in each direction is kept.

    With 2 s each way every call takes 4 s, so with one call in flight (OCPP-J 1.6 section 4.1.1)
    a station that meters each second falls behind by 3 s each 4 s.
    """

    name = "link-delay"
    title = "Delayed messages"
    about = (
        "Whoever relays the connection holds each message for a while. Calls take longer to be "
        "answered, and as only one may be under way at a time, meter values and statuses queue up "
        "in the charge point and are late; beyond the time that a caller waits, calls fail. Mobile "
        "networks do that by themselves, an attacker does it on purpose, to have commands take "
        "effect when they no longer fit."
    )
    signature = Signature(
        ocpp="latency of every call grows; meter values come later than their timestamps",
        can="commands come later than they were sent",
        current="follows commands late",
    )
    severity = 2
    stakes = ("availability", "grid")
    references = ("Alcaraz et al. 2023, 10.1007/s10207-023-00698-8",)
    claims = frozenset({"station link delay"})
    undone = "what is held goes on at once, in its sequence"
    Parameters = DelayParameters
    pace = ("delay_s",)

    def treat(self, run: Run[DelayParameters], message: Passing) -> Deed:
        spread = run.parameters.spread
        delay = run.parameters.delay_s * run.chance.uniform(1 - spread, 1 + spread)
        return Deed(f"{named(message)} held {delay:.1f} s", (Let(message.text, delay),))
