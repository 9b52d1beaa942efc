"""Somebody tries id tags until one is accepted."""

from __future__ import annotations

from typing import ClassVar

from evtui.anomalies.api import Anomaly, Knob, Need, Parameters, Signature, parameter
from evtui.anomalies.run import Run
from evtui.kinds import Integer, Number

__all__ = ["AuthorizeBruteforce", "BruteforceParameters"]


class BruteforceParameters(Parameters):
    """What one can tweak."""

    rate_per_s: float = parameter(
        Number(0.1, 100.0, "1/s"), "tries, as far as answers come", default=5.0
    )
    tries: int = parameter(Integer(1, 1_000_000), "after which it ends", default=200)
    digits: int = parameter(Integer(4, 20), "of a tag", default=14)


class AuthorizeBruteforce(Anomaly[BruteforceParameters]):
    """Asks whether random tags may charge, one after the other.

    The ids of charging cards of the largest German networks had 14 digits that follow each other,
    so a valid one was guessed in less than 15 minutes (Dalheimer 2017).  One call of a station is
    in flight (OCPP-J 1.6 section 4.1.1): the rate is bounded by how soon answers come.
    """

    name = "authorize-bruteforce"
    layer = "ocpp"
    title = "Guessing id tags"
    about = (
        "Whoever controls a charge point, or its identity, asks the central system whether "
        "numbers may charge, at random, until one may. It can then be written to a card and "
        "charges on somebody else's account. A central system that limits nothing answers as "
        "fast as it can."
    )
    signature = Signature(
        ocpp="Authorize at a steady rate, nearly all Invalid where unknown tags are refused",
        can="nothing to see",
        current="nothing to see",
    )
    techniques = ("T0859",)
    severity = 3
    stakes = ("fraud",)
    references = (
        "Dalheimer 2017: cards of charging networks can be cloned and their ids guessed",
        "CISA 2026: CVE-2026-24445, no limit to authentication requests",
    )
    needs: ClassVar[frozenset[Need]] = frozenset({"charge point"})
    claims = frozenset({"station calls"})
    ends = "with the answer to the last try"
    undone = "nothing is to be undone: tags are only asked about"
    Parameters = BruteforceParameters
    pace = ("rate_per_s",)
    strength = Knob("rate_per_s", 1.0)

    @classmethod
    def longest(cls, parameters: BruteforceParameters) -> float | None:
        return parameters.tries / parameters.rate_per_s

    async def act(self, run: Run[BruteforceParameters]) -> None:
        number, due = 0, run.now
        while number < run.parameters.tries:
            number += 1
            await run.step(f"Authorize, try {number}", self._try(run))
            due = max(due + 1 / run.parameters.rate_per_s, run.now)
            await run.wait(due - run.now)

    async def _try(self, run: Run[BruteforceParameters]) -> None:
        digits = run.parameters.digits
        tag = f"{run.chance.randrange(10**digits):0{digits}d}"
        await run.charge_point.call("Authorize", {"idTag": tag})
