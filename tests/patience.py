"""How long a test waits for what must come."""

from __future__ import annotations

__all__ = ["PATIENCE"]

PATIENCE = 60.0
"""s.  Only a test that fails takes it all; a busy machine may need a good part."""
