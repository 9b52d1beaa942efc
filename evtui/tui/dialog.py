"""What all dialogs are: a screen over the others that closes once."""

from __future__ import annotations

from textual import on
from textual.await_complete import AwaitComplete
from textual.events import ScreenResume
from textual.message import Message
from textual.screen import ModalScreen, ScreenResultType
from textual.widget import Widget

from evtui.tui.panels.footer import KeyFooter

__all__ = ["Dialog"]


class Dialog(ModalScreen[ScreenResultType]):
    """Closes once, and hears nothing of its widgets and keys after that.

    Two presses that come together, as over a slow link, are both on their way before the first
    one acts: Textual would close the screen behind as well, down to none.

    A key that closes one is bound with priority: the app then acts on it before it looks at the
    next key, which is for what lies behind.

    The keys that its frame names stand in the footers of the screens behind as long as it is on
    top: theirs do nothing then.
    """

    _over = False

    def tick(self) -> None:
        """Show what has changed in the lab; called with every frame while it is on top."""

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        """Close with a result; without effect once it is closed, or below another dialog."""
        if self._over or self.app.screen is not self:
            return AwaitComplete()
        self._over = True
        return super().dismiss(result)

    def tell_keys(self, frame: Widget, keys: str) -> None:
        """Name the keys on the frame, and in the footers of the screens behind."""
        frame.border_subtitle = keys
        self._lend_footers()

    @on(ScreenResume)
    def _on_top(self) -> None:
        if self.app.screen is self:  # nothing has come over it meanwhile
            for footer in self.query(KeyFooter):
                footer.lend(None)
        self.call_after_refresh(self._lend_footers)

    def _lend_footers(self) -> None:
        if self.app.screen is not self:
            return
        told = next((text for each in self.query("*") if (text := each.border_subtitle)), "")
        for screen in self.app.screen_stack[:-1]:
            for footer in screen.query(KeyFooter):
                footer.lend(str(told))
            if isinstance(screen, ModalScreen):
                screen.refresh()  # Textual keeps what a dialog in between has drawn of those below

    async def _on_message(self, message: Message) -> None:
        # What bubbles comes from a key, the mouse or a widget, the rest from Textual itself.
        if not (self._over and message.bubble):
            await super()._on_message(message)
