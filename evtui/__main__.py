"""``python -m evtui``."""

from __future__ import annotations

import sys

from evtui.cli import main

if __name__ == "__main__":
    sys.exit(main())
