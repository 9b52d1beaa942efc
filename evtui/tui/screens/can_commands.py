"""What the keys for the CAN panel do."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence

from evtui.tui.doing import does
from evtui.tui.key_hints import key_of
from evtui.tui.models.charted import CHARTED_MAX
from evtui.tui.models.detail import Block
from evtui.tui.models.frames import FrameLine
from evtui.tui.models.signals import SignalTrack
from evtui.tui.screens.panels import PanelScreen

__all__ = ["CanCommands"]


class CanCommands(PanelScreen):
    """The panels, and all that changes the view of CAN."""

    @abstractmethod
    def lab_time(self) -> float:
        """Lab time in s."""

    def show_frame(self, row: FrameLine, blocks: Callable[[], list[Block]]) -> None:
        """Show a row of the CAN panel in full."""
        from evtui.tui.screens.frame_detail import FrameDetailScreen

        def tracks() -> Sequence[SignalTrack]:
            return self.can.signals.of(row.frame)

        def chart(track: SignalTrack) -> str:
            return self._chart_or_not(track, row.name)

        self.app.push_screen(
            FrameDetailScreen(
                f"{row.id_text} {row.name}",
                blocks,
                tracks,
                self.lab_time,
                lambda track: self.current.charted.holds(track.key),
                chart,
            )
        )

    def _chart_or_not(self, track: SignalTrack, message: str) -> str:
        charted, name = self.current.charted, track.key.name
        if charted.holds(track.key):
            charted.remove(track.key)
            said = f"{name} is off the current chart"
        elif charted.put(track, name if name == message else f"{message}.{name}"):
            said = f"{name} is on the current chart"
        else:
            return f"the chart has room for {CHARTED_MAX} signals: take one off"
        self.current.show_signals()
        return said

    @does("view.can_buses")
    def _view_can_buses(self) -> None:
        """Show every bus and its nodes."""
        from evtui.tui.screens.frame_detail import FrameDetailScreen

        self.app.push_screen(
            FrameDetailScreen(
                "CAN buses", lambda: self.can.buses.blocks(self.lab_time()), tuple, self.lab_time
            )
        )

    @does("view.signals_off")
    def _view_signals_off(self) -> None:
        """Take every signal off the chart."""
        count = self.current.charted.clear()
        self.current.show_signals()
        detail = key_of("view.detail")
        self.notice(
            f"{count} off the current chart"
            if count
            else f"no signal is on the current chart: {detail} on a CAN row puts one there"
        )

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
