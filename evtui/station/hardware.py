"""What a charge point asks of its charger: a port that says nothing of any bus or protocol.

A charger is what turns the mains into the output of one connector: a power module, or several
that share the load.  A charge point orders it about and believes what it reports; how the two talk
is the business of who implements :class:`Charger`, as the protocol packs of
``evtui.canbus.packs`` do.  Duties and words follow EVerest's interface ``power_supply_DC``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from enum import StrEnum

import msgspec

__all__ = ["Capabilities", "Charger", "ChargerFault", "ChargerReport", "ChargerState"]


class ChargerState(StrEnum):
    """What a charger says that it is doing, where its protocol has a word for it."""

    OFF = "off"
    """No voltage at the output, contactor open."""

    STANDBY = "standby"
    """Ready, or preparing the output (insulation test, precharge); it delivers nothing yet."""

    DELIVERING = "delivering"
    """The contactor is closed, and current flows if the vehicle takes it."""

    FAULT = "fault"
    """It has switched itself off, for one of the faults that it reports."""


class ChargerFault(StrEnum):
    """What is wrong with a charger, in the names that EVerest gives it for every make."""

    COMMUNICATION = "CommunicationFault"
    """Between its own parts, or it has not heard us for too long."""

    HARDWARE = "HardwareFault"
    OVER_TEMPERATURE = "OverTemperature"
    UNDER_TEMPERATURE = "UnderTemperature"
    OVER_VOLTAGE_AC = "OverVoltageAC"
    UNDER_VOLTAGE_AC = "UnderVoltageAC"
    OVER_VOLTAGE_DC = "OverVoltageDC"
    UNDER_VOLTAGE_DC = "UnderVoltageDC"
    OVER_CURRENT_AC = "OverCurrentAC"
    OVER_CURRENT_DC = "OverCurrentDC"
    VENDOR_ERROR = "VendorError"
    """Something that none of these names says; it cannot be used."""

    VENDOR_WARNING = "VendorWarning"
    """Likewise, but it goes on: less cooling, power limited."""


class ChargerReport(msgspec.Struct, frozen=True, gc=False):
    """What a charger says of its output, all of its modules together.

    Current is always there; None for what the protocol has no word for, or what has not been
    said yet.

    Attributes:
        current: A at the output (per phase for AC), the sum of its modules.
        voltage: V at the output.
        temperature: degrees Celsius of its hottest module.
        state: what it does.
        soc: state of charge of the vehicle, per cent, where it is the charger that is told.
        faults: what is wrong, of all modules; any of them but ``VENDOR_WARNING`` makes the
            connector unusable if ``state`` is ``FAULT``.
        available: A that it could give now, less than its rating when a module has failed or is
            hot.
    """

    current: float
    voltage: float | None = None
    temperature: float | None = None
    state: ChargerState | None = None
    soc: float | None = None
    faults: tuple[ChargerFault, ...] = ()
    available: float | None = None


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What a charger can do and what its protocol can say; None where nobody said.

    Attributes:
        current_max: A, of all modules together.
        current_min: A, below which it cannot regulate.
        voltage_max: V.
        voltage_min: V.
        power_max: W.
        sets_voltage: it is told the voltage that its output may have at most.
        tells_voltage: its reports have one.  Of one that does not, a charge point knows the
            voltage from its own meter alone.
        tells_temperature: likewise.
        tells_state: likewise.
        tells_soc: likewise.
    """

    current_max: float | None = None
    current_min: float | None = None
    voltage_max: float | None = None
    voltage_min: float | None = None
    power_max: float | None = None
    sets_voltage: bool = False
    tells_voltage: bool = False
    tells_temperature: bool = False
    tells_state: bool = False
    tells_soc: bool = False


def _nobody_listens(report: ChargerReport) -> None:
    pass


class Charger(ABC):
    """The charger of one connector, as its charge point sees it.

    Orders return at once, never raise for what a peer does, and hold until the next of their
    kind.  What has to be repeated to stay in force (cyclic frames), asked for (polling), divided
    among modules or said in several steps (insulation test, precharge) is done in here, with
    timers of the running loop that :meth:`close` stops.  Reports come on the loop, never from
    within an order.

    Attributes:
        silence: s without a report after which the charger counts as lost: the connector is
            Faulted and its transaction ends.  At least several report periods, and longer than
            the watchdog of the charger itself where that switches off first.
        on_report: called with each report; the charge point sets it.
    """

    silence: float

    def __init__(self) -> None:
        self.on_report: Callable[[ChargerReport], None] = _nobody_listens

    @property
    @abstractmethod
    def capabilities(self) -> Capabilities:
        """What it can do, as far as is known by now: some protocols have to ask for it."""

    @abstractmethod
    def start(self) -> None:
        """Prepare the output and let current flow, at most what the limits allow."""

    @abstractmethod
    def stop(self) -> None:
        """Bring the current to zero and open the contactor."""

    @abstractmethod
    def set_limits(self, current: float, voltage: float | None = None) -> None:
        """Allow no more than this from now on, running or not.

        Rounded to what the protocol can say, so that it is never more.  What has been said
        already is not said again, unless :meth:`forget` came between.

        Args:
            current: A for the whole connector (per phase for AC), 0 or more.
            voltage: V at the output; None leaves it to the charger.
        """

    @abstractmethod
    def forget(self) -> None:
        """The charger may not know its limits any more: the next ones are said in any case."""

    @abstractmethod
    def close(self) -> None:
        """Say no more and leave the bus; what was said already still goes out."""
