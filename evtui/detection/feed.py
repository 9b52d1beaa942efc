"""Feeding detectors from what an observer could see: CAN frames, or MeterValues."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from evtui.canbus.packs import MalformedFrame
from evtui.canbus.packs.known import ReportedCurrents
from evtui.detection.api import Change, Detector
from evtui.detection.report_rate import ReportRateDetector
from evtui.detection.reversals import ReversalDetector
from evtui.detection.views import VIEWS, View
from evtui.events import Alarm, BusLoad, CanFrame, EventStream, OcppMessage
from evtui.ocpp16 import number_in

__all__ = ["DetectorPart"]

_Place = tuple[View, str, int]
"""View, identity of the charge point, and connectorId."""


class DetectorPart:
    """The detectors of each view, station and connector.

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
        self._reversals: dict[_Place, ReversalDetector] = {}
        self._rates: dict[str, dict[int, ReportRateDetector]] = {}  # of the CAN view
        self._unsubscribe: tuple[Callable[[], None], ...] = (
            stream.subscribe(self._on_frame, CanFrame),
            stream.subscribe(self._on_second, BusLoad),
            stream.subscribe(self._on_message, OcppMessage),
        )

    def watch(self, views: tuple[View, ...]) -> None:
        """Look at these feeds from now on; an alarm of a feed no longer watched is cleared."""
        gone: list[tuple[_Place, Detector]] = [
            (place, self._reversals.pop(place))
            for place in tuple(self._reversals)
            if place[0] not in views
        ]
        if "can" not in views:
            for station, rates in self._rates.items():
                gone += ((("can", station, connector), rate) for connector, rate in rates.items())
            self._rates.clear()
        for place, detector in gone:
            if detector.alarm:
                self._publish(detector, place, "cleared", "no longer watched")
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
        if reported is None:
            return
        connector, current = reported
        rates = self._rates.setdefault(frame.station, {})
        if connector not in rates:
            rates[connector] = ReportRateDetector()
        rates[connector].seen(frame.t, frame.arbitration_id, frame.extended)
        self._reverse(("can", frame.station, connector), frame.t, current)

    def _on_second(self, load: BusLoad) -> None:
        """Each second of a bus, whether or not anything came over it."""
        for connector, rate in self._rates.get(load.station, {}).items():
            if change := rate.look(load.t):
                self._publish(rate, ("can", load.station, connector), change)

    def _on_message(self, message: OcppMessage) -> None:
        if message.action != "MeterValues" or message.kind != "call":
            return
        if "ocpp" not in self.views or message.phase != self._phase:
            return
        current = reported_current(message.payload)
        if current is not None and message.connector is not None:
            self._reverse(("ocpp", message.station, message.connector), message.t, current)

    def _reverse(self, place: _Place, t: float, current: float) -> None:
        detector = self._reversals.get(place)
        if detector is None:
            detector = self._reversals[place] = ReversalDetector()
        if change := detector.update(t, current):
            self._publish(detector, place, change)

    def _publish(
        self, detector: Detector, place: _Place, change: Change, evidence: str | None = None
    ) -> None:
        view, station, connector = place
        self._stream.publish(
            Alarm(
                source=f"{detector.name}/{view}",
                station=station,
                connector=connector,
                detector=detector.name,
                view=view,
                raised=change == "raised",
                evidence=detector.evidence if evidence is None else evidence,
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
