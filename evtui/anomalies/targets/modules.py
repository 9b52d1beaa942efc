"""What an anomaly does to the modules that a charger is made of."""

from __future__ import annotations

from evtui.anomalies.targets.base import Attempt, Site, Target

__all__ = ["ModulesTarget"]


class ModulesTarget(Target[Site]):
    """Modules that fail one by one, and say so in their protocol."""

    def __init__(self, site: Site, name: str) -> None:
        super().__init__(site, name)
        self._broken: frozenset[int] = frozenset()

    @property
    def count(self) -> int:
        """How many there are at the connector."""
        return self._site.module.can_fail

    @property
    def unreachable(self) -> str:
        """See :class:`Target`."""
        if self.count:
            return ""
        if self._site.bus.outside:
            return "the modules are real ones, on the bus that --can joins"
        return (
            f"a module of protocol {self._site.pack.name} cannot say that it has failed; "
            "--protocol infy or advantics has up to 8 a connector that can: --modules"
        )

    async def fail(self, number: int) -> str:
        """Break the first so many, and none of the others that were broken here."""
        mine = frozenset(range(1, min(number, self.count) + 1))
        module = self._site.module
        module.failed = (module.failed - self._broken) | mine
        self._broken = mine
        return ""

    async def mend(self) -> str:
        """All that was broken here is sound again."""
        self._site.module.failed -= self._broken
        self._broken = frozenset()
        return ""

    def left(self) -> list[str]:
        """See :class:`Target`."""
        return [f"module {number} has failed" for number in sorted(self._broken)]

    async def undo(self, attempt: Attempt) -> None:
        """See :class:`Target`."""
        if self._broken:
            await attempt("repaired", self.mend())
