"""What must differ between runs in real time: ids that a peer may remember."""

from __future__ import annotations

import secrets
import time

__all__ = ["first_transaction_id", "run_nonce"]

EPOCH = 1_767_225_600
"""2026-01-01T00:00:00Z as Unix time in s."""


def run_nonce() -> str:
    """Eight characters that tell this run's message ids from another's."""
    return secrets.token_hex(4)


def first_transaction_id() -> int:
    """Seconds since 2026: larger than any id of an earlier run, below 2**31 until 2094.

    A run that issues less than one id a second on average cannot collide with the next.
    """
    return max(1, int(time.time()) - EPOCH)
