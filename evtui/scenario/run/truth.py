"""What the injector says of an anomaly."""

from __future__ import annotations

from evtui.events import AnomalyState, Event, Note

__all__ = ["Truth"]


class Truth:
    """How an anomaly that was just begun goes on; fed with states of anomalies and with notes.

    Args:
        anomaly: its name.
        station: where it is, beside others that may be on elsewhere.
        connector: likewise.
    """

    def __init__(self, anomaly: str, station: str, connector: int) -> None:
        self._anomaly = anomaly
        self._here = station, connector
        self.outcome = ""
        self.detail = ""
        self.cycle = 0
        self.trouble = ""

    @property
    def over(self) -> bool:
        """True when it has reached its safe state, or failed to."""
        return bool(self.outcome)

    def see(self, event: Event) -> None:
        """Take the next event of the stream."""
        if isinstance(event, AnomalyState):
            if event.anomaly != self._anomaly or (event.station, event.connector) != self._here:
                return
            self.cycle = event.cycle
            if event.change in ("safe", "failed"):
                self.outcome, self.detail = event.change, event.detail
        elif isinstance(event, Note) and event.source == "injector" and event.level == "error":
            if event.station == self._here[0]:
                self.trouble = event.text
