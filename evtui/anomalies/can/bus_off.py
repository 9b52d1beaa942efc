"""A node that is driven off the bus by errors in its own frames."""

from __future__ import annotations

from typing import Literal

from evtui.anomalies.api import Cycle, Knob, Parameters, Signature, parameter
from evtui.anomalies.can._forging import ForgingAnomaly
from evtui.anomalies.run import PlannedStep, Run
from evtui.canbus import CHARGE_POINT, Disturbance, Frame, Node
from evtui.kinds import Choice, Integer, Number

__all__ = ["BusOff", "BusOffParameters"]


class BusOffParameters(Parameters):
    """What one can tweak."""

    variant: Literal["two-phase", "direct"] = parameter(
        Choice("two-phase", "direct"),
        "by frames with its identifier at the same time, or by a bit error in each try",
        default="two-phase",
    )
    victim: Literal["module", "charge-point"] = parameter(
        Choice("module", "charge-point"), "node that is driven off", default="module"
    )
    hit_rate: float = parameter(Number(0, 1), "share of its frames that is hit", default=1.0)
    window_s: float = parameter(Number(0.1, 600, "s"), "in which frames are hit", default=10.0)
    gap_s: float = parameter(Number(0, 600, "s"), "between two windows", default=10.0)
    cycles: int = parameter(Integer(0, 100_000), "windows, 0 for endless", default=0)


class BusOff(ForgingAnomaly[BusOffParameters]):
    """Bus-off attack (Cho and Shin 2016), and the same by somebody who writes single bits.

    An error adds 8 to the transmit error counter of the node whose frame it meets, a frame that
    goes through takes 1 away; from 128 a node is error passive, from 256 bus off (ISO 11898-1).
    Two-phase: the attacker sends the identifier of the victim at the same time, with a data length
    of 0, so the victim reads back a dominant bit where it sent a recessive one.  As long as the
    victim is error active its error flag destroys the attacker's frame too: both count 8 and try
    again, 16 times.  From then on its flag is passive: the attacker's frame goes through (-1) and
    so does the second try of the victim (-1): 7 more a period, and bus off with the 19th of
    them.  Frames without data cannot be hit so.  Direct: 32 tries in a row, as
    somebody does who has the wire and no CAN controller.
    """

    name = "bus-off"
    title = "Node driven off the bus"
    about = (
        "Bit errors in the frames of one node, put there by somebody who sends its identifier at "
        "the same time, until its error counter makes it leave the bus. It comes back after 128 "
        "times 11 recessive bits, 2.8 ms on an idle bus of 500 kbit/s, and the next round begins; "
        "where nodes recover only by command it is gone, and the station takes it for lost."
    )
    signature = Signature(
        ocpp="Faulted, InternalError, once 0x300 is missing for a second: variant direct",
        can="error frames of one node, which gets error passive and bus off; 0x300 without data",
        current="falls to 0 when the station gives the module up; else unchanged",
    )
    techniques = ("T0814", "T0804")
    severity = 4
    stakes = ("availability", "safety")
    references = (
        "Cho and Shin 2016, Error Handling of In-vehicle Networks Makes Them Vulnerable, CCS",
        "ISO 11898-1: fault confinement",
    )
    claims = frozenset({"identifier 0x300", "limit", "charging"})
    undone = (
        "its node leaves the bus, who is bus off recovers, and the station tells its module limit "
        "and start or stop once more where an order was hit"
    )
    Parameters = BusOffParameters
    pace = ("window_s", "gap_s")
    strength = Knob("hit_rate", 0.1)

    @classmethod
    def cycle_of(cls, parameters: BusOffParameters) -> Cycle:
        return Cycle(2, parameters.window_s + parameters.gap_s)

    async def act(self, run: Run[BusOffParameters]) -> None:
        def plan() -> tuple[PlannedStep, ...]:
            told = run.parameters
            hit = f"frames of the {told.victim} hit for {told.window_s:g} s"
            return (
                PlannedStep(hit, told.window_s, lambda: strike(run)),
                PlannedStep("left alone", told.gap_s, lambda: leave_alone(run)),
            )

        await run.repeat(plan)


async def strike(run: Run[BusOffParameters]) -> None:
    """Hit frames from now on."""
    bus, chance = run.bus, run.chance
    own = bus.own
    hit: Frame | None = None  # the frame that is about to be tried again
    overwritten = False  # ours went through in its place, so we do not try again

    def which(node: Node, frame: Frame) -> Disturbance | None:
        nonlocal hit, overwritten
        told = run.parameters
        if node.name != (CHARGE_POINT if told.victim == "charge-point" else bus.module_node):
            return None
        again, hit = frame == hit, None
        if not again and told.hit_rate < 1 and chance.random() >= told.hit_rate:
            return None
        if told.variant == "direct":
            hit = frame
            return Disturbance("bit")
        if not frame.data or (again and overwritten):
            overwritten = False
            return None
        if node.tec == 0 and own.tec:  # a new round: with a controller that was started anew
            own.recovered()
        hit, overwritten = frame, node.state == "error passive"
        same = Frame(frame.arbitration_id, b"", frame.extended)
        return Disturbance("bit", by=own, frame=same)

    bus.disturb(which)


async def leave_alone(run: Run[BusOffParameters]) -> None:
    """Hit none, and be off the bus."""
    run.bus.leave_alone()
    run.bus.reset()
