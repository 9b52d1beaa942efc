"""What an anomaly declares, for screens that may tell of one that is not installed here."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from evtui.attacks import ParameterValue
from evtui.events import AnomalyState
from evtui.kinds import Integer

if TYPE_CHECKING:
    from evtui.anomalies import Anomaly

__all__ = ["declared", "explanation", "values_of", "why_not"]

_why_not: dict[str, str] = {}
"""By name: an import that failed is not tried again with every line that is drawn."""


def declared(name: str) -> type[Anomaly[Any]] | None:
    """The anomaly of a name, imported where it was not; None where there is none.

    A recording may tell of an anomaly that is not installed, and a package may be broken.
    """
    if name in _why_not:
        return None
    from evtui.anomalies import AnomalyError, anomaly_named

    try:
        return anomaly_named(name)
    except AnomalyError as error:
        _why_not[name] = str(error)
        return None


def why_not(name: str) -> str:
    """Why there is no such anomaly, in one line; empty where there is one."""
    return "" if declared(name) is not None else _why_not[name]


def values_of(state: AnomalyState) -> dict[str, ParameterValue]:
    """Every parameter by name, its variant among them."""
    variant = {} if not state.variant or state.by_hand else {"variant": state.variant}
    return {**variant, **state.parameters}


def explanation(state: AnomalyState, *, strict: bool) -> tuple[str, ...]:
    """What one sees while it is on, in words, the longest form first; empty for nothing to say.

    Args:
        strict: the charge point refuses a TxProfile without a transaction.
    """
    return _explained(state.anomaly, tuple(values_of(state).items()), strict)


@lru_cache(64)
def _explained(
    name: str, values: tuple[tuple[str, ParameterValue], ...], strict: bool
) -> tuple[str, ...]:
    anomaly = declared(name)
    if anomaly is None:
        return ()
    # The truth carries every number as a number, whole or not.
    whole = {each.name for each in anomaly.declared() if isinstance(each.kind, Integer)}
    given = {
        name: int(value) if name in whole and isinstance(value, float) else value
        for name, value in values
    }
    try:
        return anomaly.explanation(anomaly.read(given), strict=strict)
    except ValueError:  # recorded with a version that declares them otherwise
        return ()
