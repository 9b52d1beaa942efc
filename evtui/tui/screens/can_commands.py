"""What the keys for the CAN panel do."""

from __future__ import annotations

from evtui.tui.doing import does
from evtui.tui.key_hints import key_of
from evtui.tui.screens.panels import PanelScreen

__all__ = ["CanCommands"]


class CanCommands(PanelScreen):
    """The panels, and all that changes the view of CAN."""

    @does("view.can_trace")
    def _view_can_trace(self) -> None:
        """CAN by identifier or as a trace."""
        self.can.toggle_trace()
        self._relate(self.can.view)

    @does("view.can_sort")
    def _view_can_sort(self) -> None:
        """Sort by the next column."""
        column = self.can.sort_by_next()
        self.notice(f"CAN by {column}; {key_of('view.can_sort_back')} turns the order round")

    @does("view.can_sort_back")
    def _view_can_sort_back(self) -> None:
        """The other way round."""
        self.can.turn_round()

    @does("view.can_mute")
    def _view_can_mute(self) -> None:
        """Mark no more changes of bits that have changed so far."""
        count = self.can.mute()
        back = key_of("view.can_unmute")
        self.notice(
            f"changes of bits that have changed so far are marked no more, in {count:,} "
            f"identifiers; {back} marks them again"
            if count
            else "no bit has changed yet"
        )

    @does("view.can_unmute")
    def _view_can_unmute(self) -> None:
        """Mark every change again."""
        self.can.unmute()
        self.notice("every change is marked again")

    @does("view.can_time")
    def _view_can_time(self) -> None:
        """Other times in the trace."""
        self.notice(f"times in the trace: {self.can.next_times()}")

    @does("view.can_zero")
    def _view_can_zero(self) -> None:
        """Count times from the row under the cursor."""
        zero = self.can.set_zero()
        self.notice("no frame to count from yet" if zero is None else f"times count from {zero}")
