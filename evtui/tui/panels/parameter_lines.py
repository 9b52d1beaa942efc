"""The parameters of an anomaly in words, with the keys that change them; nothing of a terminal.

Everything comes from what the anomaly declares; of one that is not installed, from the event.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from evtui.attacks import ParameterValue
from evtui.commands import Argument
from evtui.events import AnomalyState
from evtui.kinds import CanIdentifier, Choice
from evtui.tui.key_hints import key_of
from evtui.tui.models.declared import declared, values_of
from evtui.tui.models.text import clean
from evtui.tui.rows import Piece, Row

if TYPE_CHECKING:
    from evtui.anomalies import Anomaly

__all__ = ["NOTHING", "ParameterLines", "told_value"]

NOTHING: Sequence[Row] = ((),)
"""A line that has nothing to say."""

GAP = Piece("  ")

_NUMBERED = re.compile(r"(.+) \d+")


def told_value(argument: Argument, value: ParameterValue) -> str:
    """A value as people read it, with its unit."""
    if value is None:
        return argument.unset or "not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return clean(value) or argument.unset or "nothing"
    if argument.name == "cycles":
        return f"{value:.0f}" if value else "∞"
    if argument.name == "jitter":
        return f"{value:.0%}"
    if isinstance(argument.kind, CanIdentifier):
        return f"0x{int(value):X}"
    return f"{value:g} {argument.kind.unit}".rstrip()


class ParameterLines:
    """The lines of one state; each has its forms, the longest first.

    Args:
        state: whose parameters they are.
        keys: whether the keys act on them.
    """

    def __init__(self, state: AnomalyState, *, keys: bool = True) -> None:
        self._state = state
        self._keys = keys
        self._values = values_of(state)
        self._anomaly: type[Anomaly[Any]] | None = declared(state.anomaly)
        self._declared = () if self._anomaly is None else self._anomaly.declared()
        self._by_name = {each.name: each for each in self._declared if each.name in self._values}
        self._choice = next(
            (each for each in self._by_name.values() if isinstance(each.kind, Choice)), None
        )

    def _key(self, *commands: str) -> tuple[Piece, ...]:
        if not self._keys:
            return ()
        return (Piece(f" [{' '.join(key_of(each) for each in commands)}]", "key"),)

    def _told(self, name: str) -> str:
        return told_value(self._by_name[name], self._values[name])

    def _named(self, name: str) -> Row:
        return Piece(f"{self._by_name[name].label} ", "muted"), Piece(self._told(name), "value")

    @property
    def choice(self) -> Row:
        """Its variant, or what else it lets one choose, without a name."""
        if self._choice is not None:
            return Piece(self._told(self._choice.name), "value"), *self._key("anomaly.variant")
        return (Piece(self._state.variant, "value"),) if self._state.variant else ()

    @property
    def named_choice(self) -> Row:
        """Likewise, with its name."""
        if not self.choice:
            return ()
        label = "variant" if self._choice is None else self._choice.label
        return Piece(f"{label} ", "muted"), *self.choice

    @property
    def _knobs(self) -> list[tuple[str, tuple[Piece, ...]]]:
        """Its floor and its strength, as far as it has them, with their keys."""
        anomaly = self._anomaly
        if anomaly is None:
            return []
        keyed = (
            (anomaly.floor, self._key("anomaly.lower_low", "anomaly.raise_low")),
            (anomaly.strength, self._key("anomaly.weaker", "anomaly.stronger")),
        )
        return [(each.name, keys) for each, keys in keyed if each and each.name in self._by_name]

    @property
    def levels(self) -> Sequence[Row]:
        """Its strength."""
        knobs = self._knobs
        if not knobs:
            return NOTHING
        with_keys: list[Piece] = []
        plain: list[Piece] = []
        for name, keys in knobs:
            with_keys += (*([Piece("   ")] if with_keys else []), *self._named(name), *keys)
            plain += (*([GAP] if plain else []), *self._named(name))
        return tuple(with_keys), tuple(plain), (Piece(self._range, "value"),)

    @property
    def _range(self) -> str:
        """Floor and strength in as few words as possible, ``0–100 A``; empty without them."""
        knobs = self._knobs
        if not knobs:
            return ""
        *floor, (strength, _) = knobs
        if not floor:
            return self._told(strength)
        low = self._values[floor[0][0]]
        return f"{low:g}–{self._told(strength)}"

    @property
    def shape(self) -> str:
        """What it does in the fewest words: ``0–100 A  8.0 s``."""
        period = f"{self._state.period:.1f} s" if self._state.period else ""
        return "  ".join(filter(None, (self._range, period)))

    @property
    def period(self) -> Sequence[Row]:
        """What the keys for shorter and longer turn, in one number if there is one."""
        keys = self._key("anomaly.shorter", "anomaly.longer")
        if not self._state.period:
            paces = self._paces
            return ((*paces, *keys), paces) if paces else NOTHING
        period = Piece("period ", "muted"), Piece(f"{self._state.period:.1f} s", "value")
        return (*period, *keys), period

    @property
    def _pace_names(self) -> list[str]:
        return [
            name for name in (self._anomaly.pace if self._anomaly else ()) if name in self._by_name
        ]

    @property
    def _paces(self) -> Row:
        """Everything that is its pace: ``waits 2.0 1.0 2.0 3.0 s``, ``on 3 s  off 3 s``."""
        names = self._pace_names
        numbered = {
            found[1]
            for name in names
            if (found := _NUMBERED.fullmatch(self._by_name[name].label)) is not None
        }
        if len(names) > 1 and len(numbered) == 1:
            numbers = " ".join(f"{self._values[name]:.1f}" for name in names)
            unit = self._by_name[names[0]].kind.unit
            return Piece(f"{numbered.pop()}s ", "muted"), Piece(
                f"{numbers} {unit}".rstrip(), "value"
            )
        return _spaced([self._named(name) for name in names])

    @property
    def waits(self) -> Sequence[Row]:
        """Its whole pace, and where there is room the rest."""
        return self._pace_forms(_spaced([self.more[0]]) if self.more[0] else ())

    @property
    def waits_alone(self) -> Sequence[Row]:
        """Its whole pace."""
        return self._pace_forms(())

    def _pace_forms(self, more: Row) -> Sequence[Row]:
        paces, period = self._paces, self.period
        if not period[0]:
            return (more,) if more else NOTHING
        if not self._state.period or not paces:
            forms = [period[0], period[-1]]
            return [(*period[0], GAP, *more), *forms] if more else forms
        keys = self._key("anomaly.shorter", "anomaly.longer")
        *start, last = paces
        numbers = last.text
        if len(paces) == 2 and numbers.endswith(" s"):
            summed = f"{numbers.removesuffix(' s')} = {self._state.period:.1f} s"
            short: Row = (*start, Piece(summed, "value"), *keys)
        else:
            short = paces
        forms = [(*paces, GAP, *period[0]), short, paces, period[-1]]
        return [(*paces, GAP, *period[0], GAP, *more), *forms] if more else forms

    @property
    def more(self) -> Sequence[Row]:
        """All that no other line tells."""
        if not self._by_name:
            known = [
                (Piece(f"{clean(name)} ", "muted"), Piece(_raw(value), "value"))
                for name, value in self._state.parameters.items()
            ]
            return (_spaced(known),)
        told = {*self._pace_names, *(name for name, _ in self._knobs), "cycles", "jitter"}
        if self._choice is not None:
            told.add(self._choice.name)
        rest = [self._named(name) for name in self._by_name if name not in told]
        keyed = {"cycles": "anomaly.cycles", "jitter": "anomaly.jitter"}
        counted = [name for name in keyed if name in self._by_name]
        with_keys = [(*self._named(name), *self._key(keyed[name])) for name in counted]
        plain = [self._named(name) for name in counted]
        return (
            _spaced([*rest, *with_keys]),
            _spaced([*rest, *plain]),
            *([_spaced(rest)] if rest and counted else []),
        )

    @property
    def cycles(self) -> str:
        """How many are wanted; empty where it counts none."""
        value = self._values.get("cycles")
        if not isinstance(value, int | float):
            return ""
        return f"{value:.0f}" if value else "∞"


def _raw(value: ParameterValue) -> str:
    return f"{value:g}" if isinstance(value, float) else clean(str(value))


def _spaced(rows: Sequence[Row]) -> Row:
    joined: list[Piece] = []
    for row in rows:
        joined += (*([GAP] if joined else []), *row)
    return tuple(joined)
