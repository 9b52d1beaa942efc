"""Carries out what the anomaly and attacks by hand are told."""

from __future__ import annotations

from msgspec.structs import replace

from evtui.anomalies import SAFE_WITHIN
from evtui.anomalies.ocpp.fluctuation import FluctuationParameters
from evtui.commands import Nothing, Outcome
from evtui.commands import anomaly as told
from evtui.commands.anomaly import CYCLE_COUNTS, HIGH_STEP, JITTERS, LOW_STEP, PERIOD_FACTOR
from evtui.config import VARIANTS, Variant
from evtui.lab.building import initial_parameters
from evtui.lab.orders.charging import end_charging
from evtui.lab.orders.handlers import CommandError, Target, Works, at_connector, in_lab
from evtui.lab.orders.turns import after


@at_connector(told.START)
def start(works: Works, target: Target, _: Nothing) -> Outcome[None]:
    works.need_our_central_system("the anomaly acts through")
    target.outlet.injector.start()
    return Outcome(f"fluctuation/{target.outlet.injector.variant} started", None)


@at_connector(told.STOP)
async def stop(works: Works, target: Target, _: Nothing) -> Outcome[None]:
    text = await target.outlet.injector.stop()
    if target.outlet.connector.busy:
        await end_charging(works, target)
    return Outcome(text, None)


# Parameters


@at_connector(told.SHORTER)
def shorter(_: Works, target: Target, __: Nothing) -> Outcome[dict[str, float]]:
    return _scale(target, PERIOD_FACTOR)


@at_connector(told.LONGER)
def longer(_: Works, target: Target, __: Nothing) -> Outcome[dict[str, float]]:
    return _scale(target, 1 / PERIOD_FACTOR)


def _scale(target: Target, factor: float) -> Outcome[dict[str, float]]:
    parameters = target.outlet.injector.parameters.scaled(factor)
    if parameters == target.outlet.injector.parameters:
        raise ValueError("a wait would leave 0.05 s to 3600 s")
    return _take(target, parameters, f"period {parameters.period:.2f} s")


@at_connector(told.WEAKER)
def weaker(_: Works, target: Target, __: Nothing) -> Outcome[dict[str, float]]:
    return _swing(target, target.outlet.injector.parameters.with_high(-HIGH_STEP))


@at_connector(told.STRONGER)
def stronger(_: Works, target: Target, __: Nothing) -> Outcome[dict[str, float]]:
    return _swing(target, target.outlet.injector.parameters.with_high(HIGH_STEP))


@at_connector(told.LOWER_LOW)
def lower_low(_: Works, target: Target, __: Nothing) -> Outcome[dict[str, float]]:
    return _swing(target, target.outlet.injector.parameters.with_low(-LOW_STEP))


@at_connector(told.RAISE_LOW)
def raise_low(_: Works, target: Target, __: Nothing) -> Outcome[dict[str, float]]:
    return _swing(target, target.outlet.injector.parameters.with_low(LOW_STEP))


def _swing(target: Target, parameters: FluctuationParameters) -> Outcome[dict[str, float]]:
    text = f"low {parameters.low:g} A, high {parameters.high:g} A"
    if target.outlet.injector.variant == "startstop":
        default = target.outlet.stage.preset.default_limit
        text += f": startstop sends no profiles, the station offers its {default:g} A"
    return _take(target, parameters, text)


@at_connector(told.VARIANT)
def variant(_: Works, target: Target, __: Nothing) -> Outcome[str]:
    name = after(VARIANTS, target.outlet.injector.variant)
    target.outlet.injector.configure(variant=name)
    return Outcome(f"variant {name}", name)


@at_connector(told.JITTER)
def jitter(_: Works, target: Target, __: Nothing) -> Outcome[dict[str, float]]:
    parameters = target.outlet.injector.parameters
    parameters = replace(parameters, jitter=after(JITTERS, parameters.jitter))
    return _take(target, parameters, f"jitter {parameters.jitter:.0%}")


@at_connector(told.CYCLES)
def cycles(_: Works, target: Target, __: Nothing) -> Outcome[dict[str, float]]:
    parameters = target.outlet.injector.parameters
    parameters = replace(parameters, cycles=after(CYCLE_COUNTS, parameters.cycles))
    return _take(target, parameters, f"cycles {parameters.cycles or 'endless'}")


@at_connector(told.SET)
def change(_: Works, target: Target, wanted: told.Fluctuation) -> Outcome[dict[str, float]]:
    parameters = target.outlet.injector.parameters.updated(wanted.numbers())
    return _take(target, parameters, "parameters set", wanted.variant)


def _take(
    target: Target, parameters: FluctuationParameters, text: str, variant: Variant | None = None
) -> Outcome[dict[str, float]]:
    target.outlet.injector.configure(variant=variant, parameters=parameters)
    return Outcome(text, parameters.as_numbers())


# Attacks by hand


@at_connector(told.BEGIN_ATTACK)
def begin_attack(_: Works, target: Target, attack: told.Attack) -> Outcome[None]:
    target.outlet.by_hand.begin(attack.name, attack.layer, effect=attack.effect)
    return Outcome(f"attack {attack.name} begins: what follows is part of it", None)


@at_connector(told.END_ATTACK)
def end_attack(_: Works, target: Target, __: Nothing) -> Outcome[tuple[str, ...]]:
    ended = target.outlet.by_hand.end_all()
    if not ended:
        raise CommandError(f"no attack is on at connector {target.outlet.number}")
    return Outcome(f"attack {', '.join(ended)} ended", ended)


@in_lab(told.ALL_CLEAR)
async def all_clear(works: Works, _: Nothing) -> Outcome[None]:
    for stand in works.stands.values():
        for outlet in stand.outlets.values():
            outlet.by_hand.end_all()
            await outlet.injector.stop()
            await outlet.injector.clear_leftovers()
            await end_charging(works, Target(stand, outlet))
            await outlet.by_hand.settle(SAFE_WITHIN)
            outlet.injector.configure(
                variant=works.settings.variant,
                parameters=initial_parameters(works.settings),
            )
    return Outcome("all clear: no anomaly, no transaction, default parameters", None)
