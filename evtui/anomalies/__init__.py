"""Anomalies: each is one file in the folder of the layer it acts on."""

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
