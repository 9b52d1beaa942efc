"""Anomalies: the injector, what it sends, and attacks by hand."""

from evtui.anomalies.by_hand import ByHand, name_mistake
from evtui.anomalies.injector import SAFE_WITHIN, TRANSACTION_WITHIN, AnomalyError, Injector

__all__ = [
    "SAFE_WITHIN",
    "TRANSACTION_WITHIN",
    "AnomalyError",
    "ByHand",
    "Injector",
    "name_mistake",
]
