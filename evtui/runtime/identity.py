"""What must differ between runs in real time: ids that a peer may remember."""

from __future__ import annotations

import secrets

__all__ = ["first_transaction_id", "run_nonce"]

NINE_DIGITS = range(100_000_000, 1_000_000_000)
"""All below 2**31: many stations keep a transactionId in 32 bits with a sign."""


def run_nonce() -> str:
    """Eight characters that tell this run's message ids from another's."""
    return secrets.token_hex(4)


def first_transaction_id() -> int:
    """A number of nine digits by chance, from which a run counts up.

    Two runs that issue n ids each share one with a chance of 2n in 900,000,000: 1 in 450,000
    for 1,000 ids, however soon one follows the other and wherever the clock was set meanwhile.
    """
    return NINE_DIGITS.start + secrets.randbelow(len(NINE_DIGITS))
