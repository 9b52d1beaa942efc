"""Error states of nodes on the CAN bus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta

from evtui.events import NodeState
from evtui.scenario.expectations.base import EXPECTATIONS, Expectation, Observer
from evtui.scenario.language.model import AtLeastOne

if TYPE_CHECKING:
    from evtui.scenario.language.checking import Check

__all__ = ["NodeExpected"]


@EXPECTATIONS.add
class NodeExpected(Expectation, frozen=True, kw_only=True):
    """A node of the CAN bus gets into an error state (ISO 11898-1)."""

    example = "{node: module, becomes: bus off}"

    node: Annotated[str, Meta(description="charge-point, module or the name of an anomaly.")]
    becomes: Annotated[
        Literal["error active", "error passive", "bus off"],
        Meta(description="error active is told of one that has been in another state."),
    ]
    count: Annotated[AtLeastOne, Meta(description="how often at least.")] = 1

    def words(self) -> str:
        times = f", {self.count} times at least" if self.count != 1 else ""
        return f"{self.node} becomes {self.becomes}{times}"

    def check(self, check: Check) -> None:
        if not self.node:
            check.add("node", "expected the name of a node, such as module")

    def observer(self) -> NodeBecomes:
        return NodeBecomes(self)


class NodeBecomes(Observer):
    reads = (NodeState,)

    def __init__(self, expected: NodeExpected) -> None:
        self._expected = expected
        self._states: dict[tuple[str, str], str] = {}
        self._seen = 0
        self._first = 0.0

    def see(self, state: NodeState, t: float) -> None:
        key = state.bus, state.node
        before = self._states.get(key, "error active")
        self._states[key] = state.state  # told also where only its counters have changed
        if state.node != self._expected.node or state.state == before:
            return
        if state.state == self._expected.becomes:
            self._first = self._first if self._seen else t
            self._seen += 1

    def judge(self) -> tuple[bool, str]:
        if not self._seen:
            state = next((s for (_, n), s in self._states.items() if n == self._expected.node), "")
            return False, f"it is {state}" if state else "it never had an error"
        times = "once" if self._seen == 1 else f"{self._seen} times"
        return self._seen >= self._expected.count, f"{times}, first at {self._first:.3f} s"
