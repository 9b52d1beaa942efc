"""Attacks by hand: somebody does the steps, and says which they are; we write the truth."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import count
from typing import Literal

import msgspec

from evtui.anomalies.api import AnomalyError
from evtui.anomalies.run import LOOK_EVERY, until
from evtui.attacks import BY_HAND, Layer
from evtui.commands.anomaly import ATTACK_NAME, EFFECT
from evtui.events import AnomalyState, EventStream, caused_by, current_cause

__all__ = ["SETTLES", "ByHand", "name_mistake"]

SETTLES = 1.0
"""s that an effect lasts at least: what was done last shows by then, or does not."""

_acting: ContextVar[bool] = ContextVar("evtui_acting", default=False)


def name_mistake(name: object) -> str:
    """What is wrong with the name of an attack, empty when nothing is."""
    try:
        ATTACK_NAME.check(name)
    except ValueError:
        return f"expected {ATTACK_NAME.expected}, got {name!r}"
    return ""


class _Attack(msgspec.Struct):
    """One that is on, or whose effect still shows.

    Attributes:
        effect: s that its effect lasts after its end; None as long as it can be seen.
        open: takes in everything that is done, not only what is said to be of it.
        holds: what ends what it has begun and goes on; done when it ends.
        step: index of the step done last, from 0.
        seq: of the last event that told of it.
    """

    name: str
    attack_id: str
    layer: Layer
    effect: float | None
    open: bool
    step: int = -1
    seq: int = 0
    fading: asyncio.Task[None] | None = None
    holds: list[Callable[[], object]] = msgspec.field(default_factory=list)


class ByHand:
    """The attacks that somebody does by hand on one connector; there may be several at once.

    An effect has ended when it has been declared for how long it lasts and that is over, or
    else as soon as nothing disturbs the connector any more, :data:`SETTLES` s after the end at
    the earliest.

    Args:
        stream: ground truth goes here.
        station: identity of the target.
        connector: connectorId of the target.
        disturbance: says what is still not as the charge point ordered; empty when all is.
        attacks: numbers attacks, so that no two of a lab share an id.
    """

    def __init__(
        self,
        stream: EventStream,
        *,
        station: str,
        connector: int,
        disturbance: Callable[[], str],
        attacks: Iterator[int] | None = None,
    ) -> None:
        self._stream = stream
        self._station = station
        self._connector = connector
        self._disturbance = disturbance
        self._attacks = count(1) if attacks is None else attacks
        self._on: dict[str, _Attack] = {}
        self._fading: list[_Attack] = []

    @property
    def on(self) -> tuple[str, ...]:
        """Names of those that are on, in the order they came."""
        return tuple(self._on)

    @property
    def cause(self) -> int | None:
        """Number of the event that everything is put down to now; None where nothing is."""
        attack = self._taking_in
        return None if attack is None else attack.seq

    @property
    def _taking_in(self) -> _Attack | None:
        """The last of those that take in everything."""
        return next((each for each in reversed(self._on.values()) if each.open), None)

    def begin(
        self, name: str, layer: Layer, *, effect: float | None = None, everything: bool = True
    ) -> None:
        """What follows is an attack.

        Args:
            name: what it is called in the truth.
            layer: where it acts.
            effect: s that its effect lasts after its end, None for as long as it can be seen.
            everything: that is done from now on is part of it; False: only what :meth:`acting`
                says.

        Raises:
            AnomalyError: it cannot be called so, one of that name is on, or its effect is out of
                range.
        """
        if mistake := name_mistake(name):
            raise AnomalyError(f"name of an attack: {mistake}")
        if name in self._on:
            raise AnomalyError(f"attack {name} is on already")
        is_number = isinstance(effect, int | float)
        if effect is not None and not (is_number and EFFECT.low <= effect <= EFFECT.high):
            raise AnomalyError(f"effect of an attack: expected {EFFECT.limits}")
        attack_id = f"{name}-{next(self._attacks)}"
        attack = self._on[name] = _Attack(name, attack_id, layer, effect, everything)
        self._publish(attack, "on")

    def end(self, name: str) -> None:
        """Its steps are over; its effect may last.

        Raises:
            AnomalyError: none of that name is on.
        """
        attack = self._on.pop(name, None)
        if attack is None:
            raise AnomalyError(f"no attack {name} is on")
        for end in attack.holds:
            end()
        off = self._publish(attack, "off")
        self._fading.append(attack)
        with caused_by(off.seq):
            attack.fading = asyncio.get_running_loop().create_task(self._fade(attack))

    def end_all(self) -> tuple[str, ...]:
        """End those that are on, the last one first; returns their names."""
        names = tuple(reversed(self._on))
        for name in names:
            self.end(name)
        return names

    async def settle(self, within: float) -> str:
        """End everything: the connector has been brought to rest, and so no effect is left.

        Args:
            within: s to wait for that.

        Returns:
            What still disturbs, empty when nothing does.
        """
        self.end_all()
        await until(lambda: not (self._fading and self._disturbance()), within)
        trouble = self._disturbance() if self._fading else ""
        for attack in tuple(self._fading):
            assert attack.fading is not None
            attack.fading.cancel()
            self._over(attack, trouble)
        return trouble

    @contextmanager
    def acting(self, label: str, name: str = "") -> Iterator[None]:
        """What is done inside is a step of an attack, if one is on.

        Args:
            label: what is done, for people.
            name: of the attack; without it the last of those that take in everything.
        """
        attack = self._on.get(name) or self._taking_in
        if attack is None or _acting.get():
            yield
            return
        attack.step += 1
        step = self._publish(attack, "step", label)
        token = _acting.set(True)
        try:
            with caused_by(step.seq):
                yield
        finally:
            _acting.reset(token)

    def hold(self, end: Callable[[], object]) -> Callable[[], int | None]:
        """Something begins that goes on after this: it ends with the attack that it is a step of.

        Args:
            end: ends it; called when that attack ends, if there is one.

        Returns:
            Says which event it is put down to, whenever it is asked; None for none.
        """
        cause = current_cause()
        attack = next((each for each in self._on.values() if cause == each.seq), None)
        if attack is None:
            return lambda: self.cause
        attack.holds.append(end)
        return lambda: attack.seq

    async def _fade(self, attack: _Attack) -> None:
        if attack.effect is not None:
            await asyncio.sleep(attack.effect)
        else:
            await asyncio.sleep(SETTLES)
            while self._disturbance():  # noqa: ASYNC110
                await asyncio.sleep(LOOK_EVERY)
        self._over(attack)

    def _over(self, attack: _Attack, trouble: str = "") -> None:
        self._fading.remove(attack)
        if trouble:
            self._publish(attack, "failed", detail=f"its effect still shows: {trouble}")
        else:
            self._publish(attack, "safe", detail="its effect is over")

    def _publish(
        self,
        attack: _Attack,
        change: Literal["on", "step", "off", "safe", "failed"],
        label: str = "",
        *,
        detail: str = "",
    ) -> AnomalyState:
        state = self._stream.publish(
            AnomalyState(
                source="injector",
                station=self._station,
                connector=self._connector,
                attack_id=attack.attack_id,
                anomaly=attack.name,
                change=change,
                active=change in ("on", "step"),
                variant=BY_HAND,
                parameters={} if attack.effect is None else {"effect_s": attack.effect},
                step=attack.step,
                step_label=label,
                detail=detail,
                layer=attack.layer,
            )
        )
        attack.seq = state.seq
        return state
