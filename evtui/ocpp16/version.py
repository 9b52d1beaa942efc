"""OCPP 1.6 for the links of :mod:`evtui.ocppj`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from evtui.ocpp16 import tolerance, validation
from evtui.ocppj import ErrorCodes, Version

if TYPE_CHECKING:
    from websockets.typing import Subprotocol

__all__ = ["OCPP_16", "SUBPROTOCOL"]

SUBPROTOCOL = cast("Subprotocol", "ocpp1.6")
"""OCPP-J 1.6 section 3.2."""


class _Ocpp16:
    name = "OCPP 1.6"
    subprotocol = SUBPROTOCOL
    codes = ErrorCodes(
        malformed="FormationViolation",
        unknown_action="NotImplemented",
        unsupported_action="NotSupported",
        failed="InternalError",
        # Table 7 has no code of its own for what section 4.2.3 lists as a case.
        id_used_twice="GenericError",
    )
    """OCPP-J 1.6 table 7."""

    is_known_action = staticmethod(validation.is_known_action)
    check = staticmethod(validation.check)
    read_call = staticmethod(tolerance.read_call)
    read_result = staticmethod(tolerance.read_result)
    can_go_out = staticmethod(tolerance.can_go_out)

    @staticmethod
    def connector_of(payload: Any, /) -> int | None:
        """The field ``connectorId``, the same in every message that has one."""
        connector = payload.get("connectorId") if isinstance(payload, dict) else None
        return connector if isinstance(connector, int) and not isinstance(connector, bool) else None


OCPP_16: Version = _Ocpp16()
"""Schemas, error codes and sub-protocol of OCPP 1.6."""
