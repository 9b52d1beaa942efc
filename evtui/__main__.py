"""``python -m evtui``, and what the command ``evtui`` calls."""

from __future__ import annotations

import gc
import sys

__all__ = ["main"]


def main() -> int:
    """Run the command line of this process; see :func:`evtui.cli.main`."""
    # What is imported lives as long as the program: to look for garbage meanwhile finds none.
    gc.disable()
    try:
        from evtui.cli import main as run
    finally:
        gc.enable()
    return run()


if __name__ == "__main__":
    sys.exit(main())
