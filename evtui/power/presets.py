"""The power stages one can choose from."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from ._checks import not_negative, positive, share
from .heat import Cooling
from .ramp import FirstOrder, Ramp, Slew


class CcsSession(msgspec.Struct, frozen=True, kw_only=True):
    """What a CCS session adds to a DC station.

    Attributes:
        cable_check: s.  With precharge it lasts 10 to 40 s at real stations.
        precharge_slew: V/s at which the output follows to the battery's voltage before the
            contactor closes.  At most 2 A may flow then (IEC 61851-23 CC.6); none does here.
        replug: True if a vehicle that was stopped takes no second start until replugged.
        patience: interruptions of the current after which the vehicle gives up until it is
            replugged; None for a vehicle that never does.

    Raises:
        ValueError: for a number outside its range.
    """

    cable_check: float = 12.0
    precharge_slew: float = 200.0
    replug: bool = True
    patience: int | None = 10

    def __post_init__(self) -> None:
        not_negative("cable_check (s)", self.cable_check)
        positive("precharge_slew (V/s)", self.precharge_slew)
        if self.patience is not None:
            positive("patience (interruptions)", self.patience)


class AcSupply(msgspec.Struct, frozen=True, kw_only=True):
    """How an AC station feeds a vehicle: mains, and a limit given by a pilot signal.

    Attributes:
        voltage: V, phase to neutral.
        phases: of its supply, and in use unless fewer are switched on.
        power_factor: of the on-board charger.
        min_current: A; the pilot of IEC 61851-1 cannot say less, so below it charging pauses.
        pilot_interval: s between two changes of the pilot, at least (IEC 61851-1).

    Raises:
        ValueError: for a number outside its range.
    """

    voltage: float = 230.0
    phases: int = 3
    power_factor: float = 0.98
    min_current: float = 6.0
    pilot_interval: float = 5.0

    def __post_init__(self) -> None:
        positive("voltage (V)", self.voltage)
        positive("phases", self.phases)
        share("power_factor", self.power_factor)
        not_negative("min_current (A)", self.min_current)
        not_negative("pilot_interval (s)", self.pilot_interval)

    def watts_per_ampere(self, phases: int) -> float:
        """W for each A per phase, on this many phases."""
        return self.voltage * phases * self.power_factor


class Preset(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of power stage.

    Attributes:
        name: ``seed``, ``dc``, ``ccs`` or ``ac``.
        ramp: how the current moves.
        cooling: how it keeps cool.
        rated_current: A, the most it can give (per phase for AC).
        default_limit: A that it offers while no charging profile applies.
        session: what a CCS session adds; None for a stage that starts at once.
        ac: the AC side; None for a DC station.

    Raises:
        ValueError: for a number outside its range.
    """

    name: str
    ramp: Ramp
    cooling: Cooling
    rated_current: float = 200.0
    default_limit: float = 100.0
    session: CcsSession | None = None
    ac: AcSupply | None = None

    def __post_init__(self) -> None:
        positive("rated_current (A)", self.rated_current)
        not_negative("default_limit (A)", self.default_limit)

    @property
    def phases(self) -> int:
        """Phases of its supply; for a DC station it does not matter how it is fed."""
        return 1 if self.ac is None else self.ac.phases


# 200 A at 400 V settle at 51 degrees Celsius after some 12 minutes (time constant 4 minutes).
# The efficiency is what open drivers of power modules assume.
_DC_COOLING = Cooling(efficiency=0.95, resistance=0.006, capacity=40_000.0)

# An AC station only switches: contacts and cable lose a few watts per kilowatt.
_AC_COOLING = Cooling(efficiency=0.995, resistance=0.15, capacity=2_000.0, forced=False)

# A DC station has to follow at 20 A/s at least (IEC 61851-23); 25 A/s is EVerest's default.
# How fast it may fall is quoted from memory of the same standard: change it with ``replace``.
_DC_RAMP = Slew(rise=25.0, fall=100.0)

PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        # A toy: 20 % of the way every 100 ms, up to 200 A/s.
        Preset(name="seed", ramp=FirstOrder(), cooling=_DC_COOLING),
        Preset(name="dc", ramp=_DC_RAMP, cooling=_DC_COOLING),
        Preset(name="ccs", ramp=_DC_RAMP, cooling=_DC_COOLING, session=CcsSession()),
        Preset(
            name="ac",
            # The on-board charger follows the pilot; it has 5 s for it (IEC 61851-1).
            ramp=Slew(rise=4.0, fall=16.0),
            cooling=_AC_COOLING,
            rated_current=32.0,
            default_limit=32.0,
            ac=AcSupply(),
        ),
    )
}
"""The presets by name, in the order in which one steps through them."""


def preset(name: str, ambient: float | None = None) -> Preset:
    """The preset called ``name``.

    Args:
        ambient: degrees Celsius around it; None for that of the preset.

    Raises:
        ValueError: if there is none; names the value and the choices.
    """
    try:
        kind = PRESETS[name]
    except KeyError:
        choices = ", ".join(PRESETS)
        raise ValueError(f"no power stage preset {name!r}; choose from {choices}") from None
    if ambient is None or ambient == kind.cooling.ambient:
        return kind
    return replace(kind, cooling=replace(kind.cooling, ambient=ambient))
