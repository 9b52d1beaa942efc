"""The status that the connector should reach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from evtui.events import ConnectorState, Sample
from evtui.scenario.expectations.base import EXPECTATIONS, Expectation, Observer
from evtui.scenario.judge.matching import TOLERANCE
from evtui.scenario.language.model import Duration
from evtui.scenario.language.narration import within_in_words

if TYPE_CHECKING:
    from evtui.scenario.language.checking import Check

__all__ = ["StatusExpected"]


@EXPECTATIONS.add
class StatusExpected(Expectation, frozen=True, kw_only=True):
    """The connector reaches a status."""

    example = "{status: Charging, within: 10s}"

    status: Annotated[str, Meta(description="a ChargePointStatus of OCPP 1.6.")]
    within: Annotated[Duration | None, Meta(description="s from the start of the run.")] = None

    def words(self) -> str:
        return f"status {self.status}{within_in_words(self.within)}"

    def check(self, check: Check) -> None:
        check.status("status", self.status)

    def observer(self) -> StatusReached:
        return StatusReached(self)


class StatusReached(Observer):
    reads = (ConnectorState, Sample)

    def __init__(self, expected: StatusExpected) -> None:
        self._expected = expected
        self._reached: float | None = None
        self._last = ""

    def see(self, event: ConnectorState | Sample, t: float) -> None:
        # Samples tell the status that a connector had when the run began.
        if event.connector == 0 or self._reached is not None:
            return
        self._last = event.status
        if event.status == self._expected.status:
            self._reached = t

    def judge(self) -> tuple[bool, str]:
        within = self._expected.within
        if self._reached is None:
            return False, f"not reached; the last was {self._last}" if self._last else "no status"
        late = within is not None and self._reached > within + TOLERANCE
        return not late, f"reached at {self._reached:.1f} s{', too late' if late else ''}"
