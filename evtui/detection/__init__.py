"""Detectors: they read what the lab shows and know nothing of what the injector does."""

from collections.abc import Mapping

from evtui.detection.feed import FED_FROM, VIEWS, DetectorPart, View
from evtui.detection.reversals import ReversalDetector

__all__ = ["DETECTORS", "FED_FROM", "VIEWS", "DetectorPart", "ReversalDetector", "View"]

DETECTORS: Mapping[str, type[ReversalDetector]] = {each.name: each for each in (ReversalDetector,)}
"""Every detector by its name, as scenarios and manifests know it."""
