"""What a charge point has at a connector: three ports, and no other wire leads into it.

:class:`Charger` is what turns the mains into the output: a power module, or several that share the
load.  A charge point orders it about and believes what it reports; how the two talk is the
business of who implements the port, as the protocol packs of ``evtui.canbus.packs`` do.  Duties
and words follow EVerest's interface ``power_supply_DC``.

:class:`VehicleLine` is the line to the vehicle: control pilot, and above it the high level
communication of ISO 15118 or DIN 70121.  :class:`OwnParts` is what the station measures and
switches itself.  Where a connector has none of these, a station makes do with its charger.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from enum import StrEnum

import msgspec

from evtui.power import Readings

__all__ = [
    "Capabilities",
    "Charger",
    "ChargerFault",
    "ChargerReport",
    "ChargerState",
    "ConnectorHardware",
    "NoLine",
    "NoParts",
    "OwnParts",
    "OwnReadings",
    "VehicleAsks",
    "VehicleLine",
]


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


def _nobody_listens(*_: object) -> None:
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


class VehicleAsks(StrEnum):
    """What a vehicle wants of the station, as the line between them tells."""

    NOTHING = "nothing"
    """It is not there, or asks for no energy (control pilot in state A or B)."""

    PREPARATION = "preparation"
    """Its session is being prepared: cable check, precharge."""

    ENERGY = "energy"
    """It takes what it is offered (state C, PowerDelivery)."""

    NO_MORE = "no more"
    """It declines: full, given up, or waiting to be plugged in anew."""

    UNKNOWN = "unknown"
    """There is no such line: what a vehicle wants can only be told from the current."""


class VehicleLine(ABC):
    """The line between station and vehicle, as the station's end of it hears.

    Attributes:
        on_change: called after :attr:`plugged` or :attr:`asks` has changed; the charge point
            sets it.
    """

    def __init__(self) -> None:
        self.on_change: Callable[[], None] = _nobody_listens

    @property
    @abstractmethod
    def plugged(self) -> bool:
        """True while a vehicle is plugged in (proximity, control pilot)."""

    @property
    @abstractmethod
    def asks(self) -> VehicleAsks:
        """What it wants."""

    @property
    @abstractmethod
    def voltage(self) -> float | None:
        """V that it asks for: its battery's for precharge, then the most it takes; None for AC."""

    @property
    @abstractmethod
    def soc(self) -> float | None:
        """State of charge in per cent, as the vehicle tells it; None where it does not."""

    @property
    @abstractmethod
    def silent(self) -> bool:
        """True while the line is dead although a vehicle is plugged in."""


class NoLine(VehicleLine):
    """No line: whoever knows that a vehicle is there says so by setting ``plugged``."""

    plugged = False
    asks = VehicleAsks.UNKNOWN
    voltage = None
    soc = None
    silent = False


class OwnReadings(msgspec.Struct, frozen=True, gc=False):
    """What the station's own parts tell; None for what it has no part for.

    Attributes:
        voltage: V at the output, as the station's meter measures it (phase to neutral for AC).
        phases: of an AC supply that its contactors have switched on; None for DC.
        contactor: what the auxiliary contact of the output's contactor says: True while closed.
        temperature: degrees Celsius of the power stage, as the station's sensor has it.
        sensors: what the other sensors say; None while all is well with them.
    """

    voltage: float | None = None
    phases: int | None = None
    contactor: bool | None = None
    temperature: float | None = None
    sensors: Readings | None = None

    @property
    def hottest(self) -> float | None:
        """Degrees Celsius of the hotter of power stage and connector."""
        connector = None if self.sensors is None else self.sensors.connector
        if connector is None or self.temperature is None:
            return self.temperature
        return max(self.temperature, connector)


class OwnParts(ABC):
    """What the station measures and switches itself, on wires of its own."""

    @abstractmethod
    def read(self) -> OwnReadings:
        """What they tell now."""

    @abstractmethod
    def use_phases(self, phases: int) -> None:
        """Have this many phases of an AC supply switched on, as soon as no current flows."""

    @abstractmethod
    def cut_off(self) -> None:
        """Emergency: open the contactor at once, under current, and stop the power stage."""


class NoParts(OwnParts):
    """No parts of its own: no meter, no sensors, no contactors."""

    def read(self) -> OwnReadings:
        """Nothing."""
        return NOTHING_READ

    def use_phases(self, phases: int) -> None:
        """There is nothing to switch."""

    def cut_off(self) -> None:
        """There is nothing to open."""


NOTHING_READ = OwnReadings()


class ConnectorHardware(msgspec.Struct, frozen=True):
    """All that a charge point has at one connector.

    Attributes:
        charger: what it orders about.
        line: to the vehicle.
        parts: its own.
    """

    charger: Charger
    line: VehicleLine = msgspec.field(default_factory=NoLine)
    parts: OwnParts = msgspec.field(default_factory=NoParts)
