"""What is said of a transaction does not come in the order of OCPP."""

from __future__ import annotations

from typing import ClassVar

from evtui.anomalies.api import Anomaly, AnomalyError, Need, Parameters, Signature, parameter
from evtui.anomalies.run import Run, until
from evtui.durations import Seconds
from evtui.kinds import Choice

__all__ = ["MessageOrder", "OrderParameters"]

TRANSACTION_WITHIN = 60.0
"""s to wait for a transaction to be under way."""


class OrderParameters(Parameters):
    """What one can tweak."""

    mode: str = parameter(
        Choice("early-stop", "duplicate-start", "missing-meter"),
        "what is said too early, twice, or not at all",
        default="early-stop",
    )
    after_s: float = parameter(
        Seconds(0.0, 3600.0), "of the transaction before something is wrong", default=10.0
    )
    again_s: float = parameter(
        Seconds(0.1, 3600.0), "between two more starts of mode duplicate-start", default=20.0
    )


class MessageOrder(Anomaly[OrderParameters]):
    """StartTransaction, MeterValues and StopTransaction that do not tell what happens.

    ``early-stop``: the transaction is said to have stopped, and goes on: what is delivered from
    then on nobody pays.  ``duplicate-start``: it is said to start once more, with another time
    and meter, under which the central system opens another transaction.  ``missing-meter``: no
    MeterValues are sent.  Where no transaction runs somebody presents the id tag first.
    """

    name = "message-order"
    layer = "ocpp"
    title = "Messages in the wrong order"
    about = (
        "The charge point tells a transaction wrongly: it stops before it does, starts twice, or "
        "has no meter values. Firmware that was tampered with delivers energy for nothing that "
        "way, and a central system that takes the order of messages for granted keeps "
        "transactions that never end."
    )
    signature = Signature(
        ocpp="MeterValues after StopTransaction, StartTransaction twice, or no MeterValues",
        can="0x300 goes on after StopTransaction",
        current="flows on although the transaction has stopped for the central system",
    )
    techniques = ("T0856", "T0857")
    severity = 3
    stakes = ("fraud", "availability")
    references = ("OCPP 1.6 sections 4.8, 4.10 and 3.7",)
    needs: ClassVar[frozenset[Need]] = frozenset({"charge point"})
    claims = frozenset({"charging", "meter values"})
    ends = "when the transaction has ended at both ends and the current is below 1 A"
    undone = "StopTransaction for what is open; the station ends its transaction"
    Parameters = OrderParameters
    pace = ("after_s", "again_s")
    ends_charging = True

    async def act(self, run: Run[OrderParameters]) -> None:
        target = run.charge_point
        if not target.connector.busy:
            await run.step("the id tag is presented", target.begin_charging())
        if not await until(lambda: _has_id(run), TRANSACTION_WITHIN):
            raise AnomalyError(f"no transaction under way in {TRANSACTION_WITHIN:g} s")
        await run.wait(run.parameters.after_s, run.parameters.mode)
        while True:
            mode = run.parameters.mode
            if mode == "early-stop":
                await run.step("StopTransaction, and charging goes on", target.stop_early())
            elif mode == "missing-meter":
                await run.step("no more MeterValues", target.withhold("MeterValues"))
            while run.parameters.mode == mode:
                if mode == "duplicate-start":
                    await run.step("StartTransaction once more", target.start_again())
                    await run.wait(run.parameters.again_s, "StartTransaction once more")
                else:
                    await run.changed()
            await target.speak_of("MeterValues")


def _has_id(run: Run[OrderParameters]) -> bool:
    running = run.charge_point.connector.transaction
    return running is not None and running.transaction_id is not None
