"""Detectors: they read what the lab shows and know nothing of what the injector does."""

from evtui.detection.feed import VIEWS, DetectorPart, View
from evtui.detection.reversals import ReversalDetector

__all__ = ["VIEWS", "DetectorPart", "ReversalDetector", "View"]
