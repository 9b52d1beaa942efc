"""Time to detect, as it happens: alarms joined with what the injector says it did."""

from __future__ import annotations

import msgspec

from evtui.events import Alarm, AnomalyState, Detection, EventStream, Sample

__all__ = ["LiveScorer"]

FIRST_CHANGE = 1.0
"""A by which the current must leave its value at the start of an attack to count as changed."""


class _Attack(msgspec.Struct):
    """One whose effect has not ended.

    Attributes:
        baseline: A that flowed when it began.
        since: lab time in s from which an alarm belongs to it, None before.
        changed: the current has left its baseline.
    """

    attack_id: str
    baseline: float
    since: float | None = None
    changed: bool = False


class LiveScorer:
    """Publishes a :class:`Detection` for each alarm that rises.

    The time to detect runs from the first change of current after the injector came on.  An
    alarm belongs to an attack from that change until the injector has reported its safe state;
    outside it is a false alarm, with no attack and no time.  To an attack by hand, on the link
    or on the bus, which need not change a current, an alarm belongs from its begin on; to
    several attacks, with a Detection for each, the one that began last first.
    """

    def __init__(self, stream: EventStream) -> None:
        self._stream = stream
        self._current: dict[tuple[str, int], float] = {}
        self._attacks: dict[tuple[str, int], list[_Attack]] = {}
        self._unsubscribe = (
            stream.subscribe(self._on_sample, Sample),
            stream.subscribe(self._on_truth, AnomalyState),
            stream.subscribe(self._on_alarm, Alarm),
        )

    def close(self) -> None:
        """Stop reading."""
        for unsubscribe in self._unsubscribe:
            unsubscribe()

    def _on_sample(self, sample: Sample) -> None:
        key = (sample.station, sample.connector)
        self._current[key] = sample.current
        for attack in self._attacks.get(key, ()):
            if not attack.changed and abs(sample.current - attack.baseline) >= FIRST_CHANGE:
                attack.changed, attack.since = True, sample.t

    def _on_truth(self, state: AnomalyState) -> None:
        key = (state.station, state.connector)
        attacks = self._attacks.setdefault(key, [])
        if state.change == "on":
            baseline = self._current.get(key, 0.0)
            at_once = state.by_hand or state.layer in ("link", "can")
            since = state.t if at_once else None
            attacks.append(_Attack(state.attack_id, baseline, since))
        elif state.change in ("safe", "failed", "effect_end") and not state.lasting:
            attacks[:] = [each for each in attacks if each.attack_id != state.attack_id]

    def _on_alarm(self, alarm: Alarm) -> None:
        if not alarm.raised:
            return
        key = (alarm.station, alarm.connector)
        found: list[tuple[str, float | None]] = [
            (each.attack_id, alarm.t - each.since)
            for each in reversed(self._attacks.get(key, ()))
            if each.since is not None
        ]
        for attack_id, time_to_detect in found or [("", None)]:
            self._stream.publish(
                Detection(
                    source="scorer",
                    cause=alarm.seq,
                    station=alarm.station,
                    connector=alarm.connector,
                    detector=alarm.detector,
                    view=alarm.view,
                    attack_id=attack_id,
                    time_to_detect=time_to_detect,
                )
            )
