"""What all dialogs are: a screen over the others that closes once."""

from __future__ import annotations

from textual.await_complete import AwaitComplete
from textual.message import Message
from textual.screen import ModalScreen, ScreenResultType

__all__ = ["Dialog"]


class Dialog(ModalScreen[ScreenResultType]):
    """Closes once, and hears nothing of its widgets and keys after that.

    Two presses that come together, as over a slow link, are both on their way before the first
    one acts: Textual would close the screen behind as well, down to none.

    A key that closes one is bound with priority: the app then acts on it before it looks at the
    next key, which is for what lies behind.
    """

    _over = False

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        """Close with a result; without effect once it is closed, or below another dialog."""
        if self._over or self.app.screen is not self:
            return AwaitComplete()
        self._over = True
        return super().dismiss(result)

    async def _on_message(self, message: Message) -> None:
        # What bubbles comes from a key, the mouse or a widget, the rest from Textual itself.
        if not (self._over and message.bubble):
            await super()._on_message(message)
