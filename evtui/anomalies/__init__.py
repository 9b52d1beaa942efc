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
        Parameters,
        Signature,
        parameter,
    )
    from evtui.anomalies.by_hand import ByHand, name_mistake
    from evtui.anomalies.catalogue import Listed, anomaly_named, is_known, listed, names
    from evtui.anomalies.describing import (
        AnomalyDescription,
        AnomalyListing,
        describe,
        describe_all,
        example_step,
        in_yaml,
        range_of,
    )
    from evtui.anomalies.injector import SAFE_WITHIN, Injector, Schedule
    from evtui.anomalies.run import PlannedStep, Run, until
    from evtui.anomalies.targets import LinkSite, Site, disturbance

__all__ = [
    "DEFAULT",
    "SAFE_WITHIN",
    "Anomaly",
    "AnomalyDescription",
    "AnomalyError",
    "AnomalyListing",
    "AnomalySet",
    "ByHand",
    "Cycle",
    "Injector",
    "Knob",
    "LinkSite",
    "Listed",
    "Need",
    "Parameters",
    "PlannedStep",
    "Run",
    "Schedule",
    "Signature",
    "Site",
    "anomaly_named",
    "describe",
    "describe_all",
    "disturbance",
    "example_step",
    "in_yaml",
    "is_known",
    "listed",
    "name_mistake",
    "names",
    "parameter",
    "range_of",
    "until",
]

__getattr__ = lazy_names(
    __name__,
    {
        "evtui.anomalies.anomaly_set": "AnomalySet",
        "evtui.anomalies.api": "Anomaly AnomalyError Cycle DEFAULT Knob Need Parameters Signature "
        "parameter",
        "evtui.anomalies.by_hand": "ByHand name_mistake",
        "evtui.anomalies.catalogue": "Listed anomaly_named is_known listed names",
        "evtui.anomalies.describing": "AnomalyDescription AnomalyListing describe describe_all "
        "example_step in_yaml range_of",
        "evtui.anomalies.injector": "Injector SAFE_WITHIN Schedule",
        "evtui.anomalies.run": "PlannedStep Run until",
        "evtui.anomalies.targets": "LinkSite Site disturbance",
    },
)
