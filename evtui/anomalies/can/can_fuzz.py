"""Frames that nobody should say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from evtui.anomalies.api import Knob, Parameters, Signature, parameter
from evtui.anomalies.can._forging import RETOLD, ForgingAnomaly
from evtui.anomalies.run import Run
from evtui.canbus import Frame
from evtui.events import CanFrame
from evtui.kinds import Choice, Number, Text

__all__ = ["CanFuzz", "FuzzParameters", "NibbleMask", "masked"]

HEXADECIMAL = "0123456789abcdef"

HIGHEST = 500
"""A that the DBC allows for a limit and for a current."""


class NibbleMask(Text):
    """What happens to each half byte: kept, drawn, or set."""

    alphabet = "of . (kept), x (drawn) and hexadecimal digits"

    def __init__(self) -> None:
        super().__init__(1, 16)
        self.expected = "1 to 16 half bytes, each . (kept), x (drawn) or a hexadecimal digit"

    def check(self, value: object) -> str:
        text = super().check(value).lower()
        if not set(text) <= {*HEXADECIMAL, ".", "x"}:
            raise ValueError
        return text


class FuzzParameters(Parameters):
    """What one can tweak."""

    variant: Literal["known", "random", "mutate"] = parameter(
        Choice("known", "random", "mutate"),
        "messages and ranges of the DBC, any frame, or genuine ones that are changed",
        default="known",
    )
    rate_per_s: float = parameter(Number(1, 5000, "/s"), "frames", default=200.0)
    mask: str = parameter(
        NibbleMask(), "half bytes of a genuine frame: . kept, x drawn, or set", default="xx.."
    )


class CanFuzz(ForgingAnomaly[FuzzParameters]):
    """Fuzzing (fabrication).

    The HCRL data set fuzzes with a random identifier and eight random bytes every 0.5 ms, which
    is ``rate_per_s`` 2000, 54 % of 500 kbit/s; Caring Caribou mutates by a nibble mask, ``12ab..``.
    """

    name = "can-fuzz"
    title = "Fuzzing of the CAN bus"
    about = (
        "Frames made by chance: with any identifier few mean anything, and the bus fills with "
        "strangers; within the protocol and its ranges each is obeyed, so the module "
        "starts, stops and follows limits that nobody ordered; changed genuine frames look most "
        "like the real ones."
    )
    signature = Signature(
        ocpp="MeterValues and status jump, as far as frames were obeyed",
        can="identifiers and lengths of no message, values out of range, no periods",
        current="disturbed whenever a frame happens to be a command",
    )
    techniques = ("T0806", "T0855")
    severity = 4
    stakes = ("availability", "safety")
    references = (
        "HCRL Car-Hacking data set: random frames every 0.5 ms",
        "Caring Caribou, fuzzer module: random, mutate",
    )
    claims = frozenset({"identifier 0x300", "limit", "charging"})
    undone = RETOLD
    Parameters = FuzzParameters
    pace = ("rate_per_s",)
    strength = Knob("rate_per_s", 100.0)

    async def act(self, run: Run[FuzzParameters]) -> None:
        await run.step("fuzz the bus", fuzz(run))


async def fuzz(run: Run[FuzzParameters]) -> None:
    """Send for ever."""
    bus, chance = run.bus, run.chance
    known: tuple[Callable[[int], Frame], ...] = (
        lambda _: bus.start()[0],
        lambda _: bus.stop()[0],
        bus.limit,
        bus.current,
    )
    genuine: dict[int, Frame] = {}
    extended = bus.limit(0).extended

    def heard(frame: CanFrame) -> None:
        if run.bus.is_ours(frame):
            genuine[frame.arbitration_id] = Frame(
                frame.arbitration_id, frame.data, extended=frame.extended
            )

    def made() -> Frame | None:
        told = run.parameters
        if told.variant == "random":
            bits = 29 if extended else 11
            data = chance.randrange(1 << bits), chance.randbytes(chance.randrange(9))
            return Frame(*data, extended=extended)
        if told.variant == "known":
            amperes = chance.randrange(HIGHEST + 1)
            return chance.choice(known)(amperes)
        if not genuine:
            return None
        frame = genuine[chance.choice(sorted(genuine))]
        digits = masked(frame.data.hex(), told.mask, lambda: chance.choice(HEXADECIMAL))
        return Frame(frame.arbitration_id, bytes.fromhex(digits), extended=frame.extended)

    bus.listen(heard)
    await bus.flow(made, lambda: run.parameters.rate_per_s)


def masked(digits: str, mask: str, drawn: Callable[[], str]) -> str:
    """Half bytes as the mask wants them; what is longer than the mask is kept."""
    return "".join(
        digit if each == "." else drawn() if each == "x" else each
        for digit, each in zip(digits, mask.ljust(len(digits), "."), strict=False)
    )
