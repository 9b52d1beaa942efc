"""The ``evtui`` command: the terminal app without a sub-command, and what runs without one."""

from evtui.cli.main import main

__all__ = ["main"]
