"""Time to detect, as it happens: alarms joined with what the injector says it did."""

from __future__ import annotations

from dataclasses import dataclass

from evtui.events import Alarm, AnomalyState, Detection, Event, EventStream, Sample

__all__ = ["LiveScorer"]

FIRST_CHANGE = 1.0
"""A by which the current must leave its value at the start of an attack to count as changed."""


@dataclass(slots=True)
class _Attack:
    attack_id: str
    station: str
    connector: int
    baseline: float
    changed_at: float | None = None
    over: bool = False


class LiveScorer:
    """Publishes a :class:`Detection` for each alarm that rises.

    The time to detect runs from the first change of current after the injector came on.  An
    alarm belongs to an attack from that change until the injector has reported its safe state;
    outside it is a false alarm, with no attack and no time.
    """

    def __init__(self, stream: EventStream) -> None:
        self._stream = stream
        self._current: dict[tuple[str, int], float] = {}
        self._attacks: dict[tuple[str, int], _Attack] = {}
        self._unsubscribe = stream.subscribe(self._on_event, Sample, AnomalyState, Alarm)

    def close(self) -> None:
        """Stop reading."""
        self._unsubscribe()

    def _on_event(self, event: Event) -> None:
        if isinstance(event, Sample):
            self._on_sample(event)
        elif isinstance(event, AnomalyState):
            self._on_truth(event)
        elif isinstance(event, Alarm) and event.raised:
            self._on_alarm(event)

    def _on_sample(self, sample: Sample) -> None:
        key = (sample.station, sample.connector)
        self._current[key] = sample.current
        attack = self._attacks.get(key)
        if attack is None or attack.changed_at is not None or attack.over:
            return
        if abs(sample.current - attack.baseline) >= FIRST_CHANGE:
            attack.changed_at = sample.t

    def _on_truth(self, state: AnomalyState) -> None:
        key = (state.station, state.connector)
        if state.change == "on":
            baseline = self._current.get(key, 0.0)
            self._attacks[key] = _Attack(state.attack_id, *key, baseline)
        elif state.change in ("safe", "failed") and key in self._attacks:
            self._attacks[key].over = True

    def _on_alarm(self, alarm: Alarm) -> None:
        attack = self._attacks.get((alarm.station, alarm.connector))
        true = attack is not None and attack.changed_at is not None and not attack.over
        self._stream.publish(
            Detection(
                source="scorer",
                cause=alarm.seq,
                station=alarm.station,
                connector=alarm.connector,
                detector=alarm.detector,
                view=alarm.view,
                attack_id=attack.attack_id if attack is not None and true else "",
                time_to_detect=(
                    alarm.t - attack.changed_at
                    if attack is not None and true and attack.changed_at is not None
                    else None
                ),
            )
        )
