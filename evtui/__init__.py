"""evtui: an EV-charging anomaly lab in a terminal."""

__version__ = "0.1.0"
