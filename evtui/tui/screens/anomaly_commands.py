"""What the keys for anomalies open: the form, the catalogue, favourites, attacks by hand."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from evtui.commands.anomaly import FAVOURITE
from evtui.tui.doing import does
from evtui.tui.key_hints import keys_shown
from evtui.tui.models.anomalies import BUSY
from evtui.tui.models.declared import declared, why_not
from evtui.tui.models.selection import ChosenPlace
from evtui.tui.screens.can_commands import CanCommands

if TYPE_CHECKING:
    from evtui.tui.screens.attack import Begun

__all__ = ["AnomalyCommands"]


class AnomalyCommands(CanCommands):
    """The panels, and all that has to do with anomalies.

    Attributes:
        favourites: names by the key that starts and stops each.
    """

    favourites: Mapping[str, str] = {}
    _attack: Begun | None = None

    @abstractmethod
    def order(self, command: str, place: ChosenPlace | None, **arguments: object) -> None:
        """Tell the lab to do something at a connector."""

    def have_favourites(self, names: Sequence[str]) -> None:
        """Give these a key each, in their order; the help names them."""
        known = dict(zip(FAVOURITE, names, strict=False))
        self.favourites = {keys_shown(each)[0]: name for each, name in known.items()}
        self.commands = tuple(
            msgspec.structs.replace(each, help=f"Start or stop a favourite: {known[each]}.")
            if each in known
            else each
            for each in self.commands
            if each in known or each not in FAVOURITE
        )

    def _favourite(self, place: int) -> None:
        """Start it, and the keys act on it; or stop it."""
        keys = [*self.favourites]
        if place >= len(keys):
            self.notice("no favourite has this key: the setting favourites names them")
            return
        name, at = self.favourites[keys[place]], self.selection.target
        if self.summary.anomalies.phase(name) in BUSY:
            self.order("anomaly.stop", at, name=name)
        else:
            self.order("anomaly.choose", at, name=name)
            self.order("anomaly.start", at, name=name)

    @does("anomaly.favourite_1")
    def _favourite_1(self) -> None:
        self._favourite(0)

    @does("anomaly.favourite_2")
    def _favourite_2(self) -> None:
        self._favourite(1)

    @does("anomaly.favourite_3")
    def _favourite_3(self) -> None:
        self._favourite(2)

    @does("anomaly.favourite_4")
    def _favourite_4(self) -> None:
        self._favourite(3)

    @does("anomaly.edit")
    def _anomaly_edit(self) -> None:
        """Open the form of the chosen anomaly."""
        from evtui.anomalies import DEFAULT

        self._edit(self.summary.anomalies.chosen or DEFAULT)

    def _edit(self, name: str) -> None:
        """Open the form of one."""
        from evtui.tui.screens.edit_anomaly import EditAnomaly

        place, anomaly = self.selection.target, declared(name)
        if anomaly is None:
            self.notice(why_not(name), "error")
            return
        if not anomaly.declared():
            self.notice(f"{name} has no parameters")
            return

        def saved(values: Mapping[str, Any] | None) -> None:
            if values is not None:
                self.order("anomaly.set", place, name=name, parameters=dict(values))

        state = self.summary.anomalies.of(name)
        self.app.push_screen(EditAnomaly(anomaly, place, state.parameters if state else {}), saved)

    @does("anomaly.catalogue")
    def _anomaly_catalogue(self) -> None:
        """Choose from the catalogue."""
        from evtui.tui.screens.catalogue import CatalogueScreen

        place = self.selection.target

        def closed(name: str | None) -> None:
            if name is not None:
                self.order("anomaly.choose", place, name=name)

        states = self.summary.anomalies
        self.app.push_screen(CatalogueScreen(place, states, self.favourites, self._edit), closed)

    @does("anomaly.by_hand")
    def _anomaly_by_hand(self) -> None:
        """End the attack by hand that is on, or ask for the name of one that begins."""
        from evtui.tui.screens.attack import AttackScreen

        place, attack = self.selection.target, self.summary.attack

        def answered(begun: Begun | None) -> None:
            if begun is not None:
                self._attack = begun
                self.order("attack.begin", place, **begun._asdict())

        if attack is not None and attack.active:
            self.order("attack.end", place)
        else:
            self.app.push_screen(AttackScreen(place, self._attack), answered)
