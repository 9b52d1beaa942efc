"""Detectors: they read what the lab shows and know nothing of what the injector does."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from evtui.detection.api import Detector
from evtui.detection.report_rate import ReportRateDetector
from evtui.detection.reversals import ReversalDetector
from evtui.detection.views import FED_FROM, VIEWS, View
from evtui.lazy import lazy_names

if TYPE_CHECKING:
    from evtui.detection.feed import (
        DetectorPart,
    )

__all__ = [
    "DETECTORS",
    "FED_FROM",
    "VIEWS",
    "Detector",
    "DetectorPart",
    "ReportRateDetector",
    "ReversalDetector",
    "View",
]

DETECTORS: Mapping[str, type[Detector]] = {
    each.name: each for each in (ReversalDetector, ReportRateDetector)
}
"""Every detector by its name, as scenarios and manifests know it."""

__getattr__ = lazy_names(
    __name__,
    {
        "evtui.detection.feed": "DetectorPart",
    },
)
