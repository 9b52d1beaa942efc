"""OCPP 1.6: its schemas and what of them is tolerated, and forms for its operations."""

from evtui.ocpp16.sampled import number_in
from evtui.ocpp16.version import OCPP_16, SUBPROTOCOL

__all__ = ["OCPP_16", "SUBPROTOCOL", "number_in"]
