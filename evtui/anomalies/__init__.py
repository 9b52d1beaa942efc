"""Anomalies: what one is, which there are, what switches them on, and attacks by hand."""

from typing import TYPE_CHECKING

from evtui.lazy import lazy_names

if TYPE_CHECKING:
    from evtui.anomalies.anomaly_set import AnomalySet
    from evtui.anomalies.api import (
        DEFAULT,
        Anomaly,
        AnomalyError,
        Cycle,
        Knob,
        Need,
        Signature,
        parameter,
    )
    from evtui.anomalies.by_hand import ByHand, name_mistake
    from evtui.anomalies.catalogue import Listed, anomaly_named, listed, names
    from evtui.anomalies.injector import SAFE_WITHIN, Injector, Schedule
    from evtui.anomalies.run import PlannedStep, Run, until
    from evtui.anomalies.targets import Site, disturbance

__all__ = [
    "DEFAULT",
    "SAFE_WITHIN",
    "Anomaly",
    "AnomalyError",
    "AnomalySet",
    "ByHand",
    "Cycle",
    "Injector",
    "Knob",
    "Listed",
    "Need",
    "PlannedStep",
    "Run",
    "Schedule",
    "Signature",
    "Site",
    "anomaly_named",
    "disturbance",
    "listed",
    "name_mistake",
    "names",
    "parameter",
    "until",
]

__getattr__ = lazy_names(
    __name__,
    {
        "evtui.anomalies.anomaly_set": "AnomalySet",
        "evtui.anomalies.api": "Anomaly AnomalyError Cycle DEFAULT Knob Need Signature parameter",
        "evtui.anomalies.by_hand": "ByHand name_mistake",
        "evtui.anomalies.catalogue": "Listed anomaly_named listed names",
        "evtui.anomalies.injector": "Injector SAFE_WITHIN Schedule",
        "evtui.anomalies.run": "PlannedStep Run until",
        "evtui.anomalies.targets": "Site disturbance",
    },
)
