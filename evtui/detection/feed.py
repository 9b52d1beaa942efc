"""Feeding a detector from what an observer could see: CAN frames, or MeterValues."""

from __future__ import annotations

from typing import Any, Literal

from evtui.canbus.packs import MalformedFrame
from evtui.canbus.packs.known import ReportedCurrents
from evtui.detection.reversals import ReversalDetector
from evtui.detection.views import VIEWS, View
from evtui.events import Alarm, CanFrame, EventStream, OcppMessage
from evtui.ocpp16 import number_in

__all__ = ["DetectorPart"]


class DetectorPart:
    """One reversal detector for each view, station and connector.

    Args:
        stream: read for frames and messages; alarms are published on it.
        views: which feeds are looked at.
        phase: which end's sight of MeterValues counts: ``delivered`` at our central system,
            or ``sent`` by our charge point when the central system is somebody else's.
    """

    def __init__(
        self,
        stream: EventStream,
        views: tuple[View, ...] = VIEWS,
        phase: Literal["sent", "delivered"] = "delivered",
    ) -> None:
        self.views = views
        self._phase = phase
        self._stream = stream
        self._reported = ReportedCurrents()
        self._detectors: dict[tuple[View, str, int], ReversalDetector] = {}
        self._unsubscribe = (
            stream.subscribe(self._on_frame, CanFrame),
            stream.subscribe(self._on_message, OcppMessage),
        )

    def watch(self, views: tuple[View, ...]) -> None:
        """Look at these feeds from now on; an alarm of a feed no longer watched is cleared."""
        for (view, station, connector), detector in tuple(self._detectors.items()):
            if view not in views:
                if detector.alarm:
                    self._publish(view, station, connector, False, "no longer watched")
                del self._detectors[view, station, connector]
        self.views = views

    def close(self) -> None:
        """Stop reading."""
        for unsubscribe in self._unsubscribe:
            unsubscribe()

    def _on_frame(self, frame: CanFrame) -> None:
        if "can" not in self.views:
            return
        try:
            reported = self._reported.update(frame)
        except MalformedFrame:
            return
        if reported is not None:
            connector, current = reported
            self._update("can", frame.station, connector, frame.t, current)

    def _on_message(self, message: OcppMessage) -> None:
        if message.action != "MeterValues" or message.kind != "call":
            return
        if "ocpp" not in self.views or message.phase != self._phase:
            return
        current = reported_current(message.payload)
        if current is not None and message.connector is not None:
            self._update("ocpp", message.station, message.connector, message.t, current)

    def _update(self, view: View, station: str, connector: int, t: float, current: float) -> None:
        key = (view, station, connector)
        detector = self._detectors.get(key)
        if detector is None:
            detector = self._detectors[key] = ReversalDetector()
        change = detector.update(t, current)
        if change is not None:
            evidence = (
                f"{detector.turns} reversals of {detector.hysteresis:g} A in {detector.window:g} s"
            )
            self._publish(view, station, connector, change == "raised", evidence)

    def _publish(
        self, view: View, station: str, connector: int, raised: bool, evidence: str
    ) -> None:
        self._stream.publish(
            Alarm(
                source=f"{ReversalDetector.name}/{view}",
                station=station,
                connector=connector,
                detector=ReversalDetector.name,
                view=view,
                raised=raised,
                evidence=evidence,
            )
        )


def reported_current(payload: Any) -> float | None:
    """First Current.Import in A of a MeterValues payload, None where there is none.

    The payload may be anything: messages are published before they are held against their
    schema, and to the schema a value of ``NaN`` is a good string.
    """
    try:
        for value in payload["meterValue"]:
            for sample in value["sampledValue"]:
                if sample.get("measurand") == "Current.Import":
                    return number_in(sample)
    except (AttributeError, KeyError, TypeError):
        return None
    return None
