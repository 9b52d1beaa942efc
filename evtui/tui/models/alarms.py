"""What the detectors of one connector say: told by the status line and by the anomaly's panel."""

from __future__ import annotations

from dataclasses import dataclass

from evtui.events import Alarm, AnomalyState, Detection

__all__ = ["AlarmVerdict", "Alarms"]


@dataclass(frozen=True, slots=True)
class AlarmVerdict:
    """What the detectors of one view say of the newest attack.

    Attributes:
        raised: whether an alarm is; None while none has been.
        earlier: whether it was raised before the newest attack began.
        after: s from the attack's first change of current to the alarm; None where not known.
        false: whether the alarm belongs to no attack.
        evidence: one line for people.
    """

    raised: bool | None = None
    earlier: bool = False
    after: float | None = None
    false: bool = False
    evidence: str = ""


class Alarms:
    """Keeps the newest word of each detector; an alarm outlives the attack that it was for."""

    def __init__(self) -> None:
        self._alarms: dict[tuple[str, str], Alarm] = {}
        self._detections: dict[tuple[str, str], Detection] = {}
        self._earlier: set[tuple[str, str]] = set()
        self._attacks: set[str] = set()

    def feed(self, event: Alarm | Detection | AnomalyState) -> None:
        """Take one event of the connector."""
        match event:
            case Alarm():
                self._alarms[event.detector, event.view] = event
                self._earlier.discard((event.detector, event.view))
            case Detection():
                self._detections[event.detector, event.view] = event
            case AnomalyState() if event.attack_id and event.attack_id not in self._attacks:
                if event.by_hand:  # beside the anomaly, or alone
                    self._attacks.add(event.attack_id)
                    return
                self._attacks = {event.attack_id}
                self._detections.clear()
                self._alarms = {key: alarm for key, alarm in self._alarms.items() if alarm.raised}
                self._earlier = {*self._alarms}

    @property
    def raised(self) -> bool:
        """Whether any is."""
        return any(alarm.raised for alarm in self._alarms.values())

    @property
    def earlier(self) -> bool:
        """Whether all that are raised were so before the newest attack began."""
        raised = {key for key, alarm in self._alarms.items() if alarm.raised}
        return bool(raised) and raised <= self._earlier

    @property
    def after(self) -> float | None:
        """The shortest time to detect of those that are raised."""
        return self._after([key for key, alarm in self._alarms.items() if alarm.raised])

    def verdict(self, view: str) -> AlarmVerdict:
        """What the detectors of this view say."""
        alarms = [alarm for (_, each), alarm in self._alarms.items() if each == view]
        if not alarms:
            return AlarmVerdict()
        told = next((alarm for alarm in reversed(alarms) if alarm.raised), alarms[-1])
        keys = [(alarm.detector, view) for alarm in alarms if alarm.raised == told.raised]
        known = [self._detections[key] for key in keys if key in self._detections]
        false = bool(known) and not any(each.attack_id for each in known)
        earlier = all(key in self._earlier for key in keys)
        return AlarmVerdict(told.raised, earlier, self._after(keys), false, told.evidence)

    def _after(self, keys: list[tuple[str, str]]) -> float | None:
        known = self._attacks
        detected = (self._detections.get(key) for key in keys)
        times = (each.time_to_detect for each in detected if each and each.attack_id in known)
        return min((time for time in times if time is not None), default=None)
