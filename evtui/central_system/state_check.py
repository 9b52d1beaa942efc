"""Whether what a central system has kept can be read, found out before anything runs."""

from __future__ import annotations

from evtui.central_system.admission import Admission
from evtui.central_system.id_tags import IdTags
from evtui.central_system.kept import Ledger, StateKeeper
from evtui.central_system.stations import Stations
from evtui.central_system.transactions import Transactions

__all__ = ["check_state"]


def check_state(state: StateKeeper) -> None:
    """Read everything, and change nothing.

    Raises:
        StateError: a row is not what it must be; the text is one line.
    """
    ledger = Ledger(state.central_system())
    admission = Admission(ledger=ledger)
    IdTags().keep(ledger)
    Transactions(ledger=ledger)
    Stations(frozenset(), keep=admission.knows, ledger=ledger)
    ledger.check_kinds()
