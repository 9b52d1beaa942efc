"""Any OCPP call, from either side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta

from evtui.ocpp16 import validation
from evtui.scenario.judge.outcome import StepFailed
from evtui.scenario.language.narration import WHO, WITHOUT_STATUS
from evtui.scenario.steps.base import STEPS, Step

if TYPE_CHECKING:
    from evtui.scenario.language.checking import Check
    from evtui.scenario.run.context import StepContext

__all__ = ["RUNNING", "Ocpp", "with_transaction"]

RUNNING = "running"
"""As a payload's ``transactionId``: see :func:`with_transaction`."""


@STEPS.add
class Ocpp(Step, frozen=True, kw_only=True):
    """Any OCPP 1.6 call."""

    example = "{ocpp: Reset, with: {type: Soft}}"

    ocpp: Annotated[str, Meta(description="action.")]
    payload: Annotated[
        dict[str, Any],
        Meta(
            description="as it goes over the wire; held against its schema. A transactionId may "
            "be running: that of the transaction that runs then."
        ),
    ] = msgspec.field(default_factory=dict, name="with")
    sender: Annotated[
        Literal["central_system", "charge_point"], Meta(description="who sends it.")
    ] = msgspec.field(default="central_system", name="from")
    answer: Annotated[
        str | None,
        Meta(description="status the answer must have; any will do when it is left out."),
    ] = None

    def words(self) -> str:
        return f"{self.ocpp} from {WHO[self.sender]}"

    def check(self, check: Check) -> None:
        if self.sender == "central_system":
            check.ours("ocpp", "what a central system sends is sent by")
        if not check.action("ocpp", self.ocpp):
            return
        violation = validation.check(self.ocpp, "call", with_transaction(self.payload, 1))
        if violation is not None:
            check.add("with", f"not what the schema of {self.ocpp} wants: {violation.detail}")

    async def run(self, context: StepContext) -> None:
        payload = self.payload
        if with_transaction(payload, 0) != payload:
            running = await context.operations.running_transaction()
            payload = with_transaction(payload, running)
        if self.sender == "central_system":
            status = await context.operations.ask_station(self.ocpp, payload)
        else:
            status = await context.operations.ask_central_system(self.ocpp, payload)
        if self.answer is not None and status != self.answer:
            raise StepFailed(f"answered {status or WITHOUT_STATUS}, not {self.answer}")


def with_transaction(payload: Any, transaction_id: int) -> Any:
    """A payload as it is sent: every ``transactionId: running`` replaced by ``transaction_id``."""
    if isinstance(payload, list):
        return [with_transaction(each, transaction_id) for each in payload]
    if not isinstance(payload, dict):
        return payload
    return {
        key: transaction_id
        if key == "transactionId" and value == RUNNING
        else with_transaction(value, transaction_id)
        for key, value in payload.items()
    }
