"""Holds an anomaly against what every anomaly promises: for tests of one's own.

In pytest, where ``SetPointNoise`` is a class or the name of an anomaly that is installed::

    from evtui.testing import keep

    def test_it_keeps_what_every_anomaly_promises():
        keep(SetPointNoise)

Time is virtual and there are no files: all of it takes about a second.
"""

from evtui.testing.chance import random_parameters
from evtui.testing.condition import Condition
from evtui.testing.promises import PROMISES, BrokenPromise, keep
from evtui.testing.trial import Planned, Trial, run_trial

__all__ = [
    "PROMISES",
    "BrokenPromise",
    "Condition",
    "Planned",
    "Trial",
    "keep",
    "random_parameters",
    "run_trial",
]
