"""A frame on the bus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from evtui.scenario.language.mistakes import shown
from evtui.scenario.language.model import NotNegative
from evtui.scenario.steps.base import STEPS, Step

if TYPE_CHECKING:
    from evtui.scenario.language.checking import Check
    from evtui.scenario.run.context import StepContext

__all__ = ["Can"]


@STEPS.add
class Can(Step, frozen=True, kw_only=True):
    """A raw frame on the bus, from a node called scenario."""

    example = '{can: 0x210, data: "64 00"}'

    can: Annotated[NotNegative, Meta(description="arbitration id: 0x210 or a number.")]
    data: Annotated[str, Meta(description="hexadecimal bytes, 64 00.")] = ""
    extended: Annotated[bool, Meta(description="true for a 29-bit id.")] = False

    def words(self) -> str:
        width = 8 if self.extended else 3
        return f"CAN frame {self.can:0{width}X}#{''.join(self.data.split()).upper()}"

    def check(self, check: Check) -> None:
        highest = 0x1FFFFFFF if self.extended else 0x7FF
        if self.can > highest:
            bits = "29 bits" if self.extended else "11 bits, or extended: true"
            check.add("can", f"expected an id up to {highest:#x} ({bits}), got {self.can:#x}")
        try:
            size = len(bytes.fromhex(self.data))
        except ValueError:
            check.add("data", f'expected hexadecimal bytes such as "64 00", got {shown(self.data)}')
            return
        if size > 8:
            check.add("data", f"expected at most 8 bytes, got {size}")

    async def run(self, context: StepContext) -> None:
        await context.actions.send_frame(self.can, bytes.fromhex(self.data), extended=self.extended)
