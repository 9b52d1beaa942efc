"""Where truth and detection meet, and nowhere else."""

from evtui.scoring.live import LiveScorer

__all__ = ["LiveScorer"]
