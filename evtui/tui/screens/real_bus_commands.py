"""What the key for what is not ours does: a question that names it, before it is armed."""

from __future__ import annotations

from abc import abstractmethod

from evtui.tui.doing import does
from evtui.tui.models.selection import ChosenPlace
from evtui.tui.models.text import clean
from evtui.tui.screens.panels import PanelScreen

__all__ = ["RealBusCommands"]


class RealBusCommands(PanelScreen):
    """The panels, and the question before anything is sent on a real bus."""

    @abstractmethod
    def order(self, command: str, place: ChosenPlace | None, **arguments: object) -> None:
        """Tell the lab to do something at a connector."""

    @abstractmethod
    def lab_time(self) -> float:
        """s since the lab started."""

    @does("view.arm")
    def _view_arm(self) -> None:
        """Ask, and name the bus; what is armed is disarmed without a question."""
        from evtui.tui.screens.question import Question

        place = self.selection.target
        if self.summary.proxied.central is not None:
            self._arm_charge_point(place)
            return
        known = self.summary.real_buses
        state = None if place is None else known.of(place.station)
        if state is None or place is None:
            self.notice("no real CAN bus: start evtui with --can to join one", "error")
            return
        if state in known.armed(self.lab_time()):
            self.order("can.disarm", place)
            return
        if state.listen_only:
            self.notice(f"{state.interface} is only listened to: nothing to arm", "error")
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self.order("can.arm", place, bus=state.interface)

        told = (
            f"Anomalies at {place.station} and frames by hand will be sent on {state.interface}, "
            "which is a real bus: whatever is connected there obeys them. It ends by itself, and "
            "with 0."
        )
        self.app.push_screen(Question(f"Arm {state.interface}?", told, "arm", "leave it"), answered)

    def _arm_charge_point(self, place: ChosenPlace | None) -> None:
        """Likewise for a charge point of somebody else."""
        from evtui.tui.screens.question import Question

        if place is None:
            self.notice("nothing to arm: no charge point has connected yet", "error")
            return
        name = clean(place.station)
        if place.station in self.summary.proxied.armed(self.lab_time()):
            self.order("proxy.disarm", place)
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self.order("proxy.arm", place)

        told = (
            f"Anomalies will act on what passes between {name} and its central system, and neither "
            "is ours: both act on what they are told. It ends by itself, and with 0."
        )
        self.app.push_screen(Question(f"Arm {name}?", told, "arm", "leave it"), answered)
