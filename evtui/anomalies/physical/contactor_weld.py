"""The contactor of the output is welded: it does not open at the next stop."""

from __future__ import annotations

from typing import ClassVar

from evtui.anomalies.api import Anomaly, Knob, Need, Parameters, Signature, parameter
from evtui.anomalies.physical._hold import hold
from evtui.anomalies.run import Run
from evtui.kinds import Number

__all__ = ["ContactorWeld"]


class WeldParameters(Parameters):
    """What one can tweak."""

    residual_a: float = parameter(
        Number(0, 100, "A"), "current that goes on; with 0 only the voltage does", default=20.0
    )


class ContactorWeld(Anomaly[WeldParameters]):
    """A contactor welds under current, and what is behind it stays live.

    A module that is stopped gives nothing by itself: the residual current is what another
    outlet's modules give through the DC bus that they share in a cabinet.  The station looks at
    its contactor 5 s after it told it to open.
    """

    name = "contactor-weld"
    layer = "physical"
    title = "Contactor weld"
    about = (
        "Switching under load welds the contacts of an output; repeated starts and stops wear them "
        "faster. It shows at the next stop: the contactor stays closed, the connector stays live, "
        "and current may go on without a transaction. Who unplugs then draws an arc."
    )
    signature = Signature(
        ocpp="StopTransaction, 5 s later StatusNotification Faulted with PowerSwitchFailure",
        can="0x201, and 0x300 does not go to 0",
        current="stays at the residual current after the stop",
    )
    techniques = ("T0879", "T0880")
    severity = 5
    stakes = ("safety", "fraud")
    references = (
        "EVerest MREC17: contactor fault, welding included",
        "TE EVC250: 50 000 openings at 100 A, 5 000 at 200 A",
    )
    needs: ClassVar[frozenset[Need]] = frozenset({"power stage"})
    claims = frozenset({"contactor"})
    ends = "when the contactor has opened"
    undone = "the contactor opens again"
    Parameters = WeldParameters
    shows_at_stop = True
    strength = Knob("residual_a", 5.0)

    @classmethod
    def explanation(cls, parameters: WeldParameters, *, strict: bool) -> tuple[str, ...]:
        return ("the contactor is welded: it shows when charging stops", "shows at the stop")

    async def act(self, run: Run[WeldParameters]) -> None:
        await hold(
            run,
            sound=0.0,
            wanted=lambda parameters: parameters.residual_a,
            faults=lambda amperes: {"welded": True, "residual": amperes},
            label=lambda amperes: f"welded, {amperes:g} A go on",
        )

    def left(self, run: Run[WeldParameters]) -> str:
        state = run.power_stage.state
        closed = state.contactor and not state.running
        return "the contactor has not opened yet" if closed else ""
