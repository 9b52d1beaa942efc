"""What one can tell the lab, by the names in :mod:`evtui.commands`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from inspect import signature
from typing import Any, NamedTuple, TypeVar, get_args

import msgspec

from evtui.anomalies.injector import SAFE_WITHIN, AnomalyError
from evtui.anomalies.ocpp.fluctuation import PERIOD_FACTOR, FluctuationParameters, Variant
from evtui.central_system.system import CentralSystem, StationOffline
from evtui.commands import Outcome, is_aimed
from evtui.config import Preset, Settings
from evtui.detection import VIEWS, DetectorPart, View
from evtui.events import EventStream, Layer, Mark, Order
from evtui.lab.building import initial_parameters
from evtui.lab.recordings import Recordings
from evtui.lab.stand import Outlet, Stand
from evtui.ocpp16.link import CallRefused, LinkClosed
from evtui.recording.folder import RecordingError
from evtui.runtime.supervisor import Supervisor

__all__ = ["CommandError", "Here", "Orders"]

T = TypeVar("T")

PRESETS: tuple[Preset, ...] = get_args(Preset)
HIGH_STEP, LOW_STEP = 10.0, 2.0
"""A that one key press changes the high and the low limit by."""

IMAGE = "evtui-lab.bin"
"""A firmware image that our charge points can install; see evtui.station.firmware."""

JITTERS = (0.0, 0.1, 0.25, 0.5)
CYCLES = (0, 1, 3, 10)
VIEW_CHOICES: tuple[tuple[View, ...], ...] = (VIEWS, ("can",), ("ocpp",))


_CANNOT = (AnomalyError, ValueError, StationOffline, LinkClosed, CallRefused, RecordingError)


class CommandError(Exception):
    """A command cannot be done; the text is one line for people."""


class Here(NamedTuple):
    """Where an order is for that names no station and no connector."""

    station: str
    connector: int


class Target(NamedTuple):
    """What an order is for."""

    stand: Stand
    outlet: Outlet


class Orders:
    """Carries out commands: ``anomaly.start`` is the method ``_do_anomaly_start``.

    Args:
        stands: by identity of their charge point.
        publish_state: tells the terminal what a command has changed on a stand.
        stream: takes marks.
        recordings: None in a lab that somebody else records.
    """

    def __init__(
        self,
        settings: Settings,
        central_system: CentralSystem,
        supervisor: Supervisor,
        detector: DetectorPart,
        stands: Mapping[str, Stand],
        publish_state: Callable[[Stand], None],
        stream: EventStream,
        recordings: Recordings | None,
    ) -> None:
        self._settings = settings
        self._central_system = central_system
        self._supervisor = supervisor
        self._detector = detector
        self._stands = stands
        self._publish_state = publish_state
        self._stream = stream
        self._recordings = recordings

    async def execute(
        self,
        command: str,
        arguments: Mapping[str, Any],
        *,
        source: str,
        here: Here | None = None,
        within: float | None = None,
        ready: Callable[[], Awaitable[object]] | None = None,
    ) -> Outcome[Any]:
        """Carry out a command, and publish an :class:`~evtui.events.Order` with what came of it.

        Args:
            command: see :meth:`evtui.lab.Lab.execute`.
            arguments: likewise.
            source: who orders, for the record.
            here: station and connector that are meant where the arguments name none.
            within: s after which it is given up.
            ready: is awaited before; what it raises refuses the order.

        Raises:
            CommandError: it cannot be done, or not in time; the text says why.
        """

        def record(text: str, *, done: bool) -> None:
            self._stream.publish(
                Order(
                    source=source,
                    station=str(arguments.get("station", "" if here is None else here.station)),
                    command=command,
                    arguments=_for_the_record(arguments),
                    outcome=text,
                    done=done,
                )
            )

        target = {} if here is None or not is_aimed(command) else here._asdict()
        try:
            async with asyncio.timeout(within):
                if ready is not None:
                    await ready()
                outcome = await self._carry_out(command, {**target, **arguments})
        except TimeoutError:
            reason = f"not done in {within:g} s"
            record(reason, done=False)
            raise CommandError(reason) from None
        except asyncio.CancelledError:
            record("given up by whoever ordered it", done=False)
            raise
        except Exception as error:
            record(str(error) or type(error).__name__, done=False)
            raise
        record(outcome.text, done=True)
        return outcome

    async def _carry_out(self, command: str, arguments: dict[str, Any]) -> Outcome[Any]:
        handler = getattr(self, "_do_" + command.replace(".", "_"), None)
        if handler is None:
            raise CommandError(f"no command {command!r}")
        acting = self._acting(command, arguments)
        if is_aimed(command):
            handler = partial(handler, self._target(command, arguments))
        try:
            signature(handler).bind(**arguments)
        except TypeError as error:
            raise CommandError(f"{command}: {error}") from None
        try:
            with acting:
                result = handler(**arguments)
                outcome = await result if asyncio.iscoroutine(result) else result
        except _CANNOT as error:
            raise CommandError(str(error)) from None
        except TimeoutError as error:
            raise CommandError(str(error) or "no answer in time") from None
        return outcome if isinstance(outcome, Outcome) else Outcome(str(outcome), None)

    def _target(self, command: str, arguments: dict[str, Any]) -> Target:
        """What ``station`` and ``connector`` name, taken out of the arguments.

        One of which there is only one need not be named.

        Raises:
            CommandError: there is none of that name, or several and no name.
        """
        name = arguments.pop("station", None)
        if name is None:
            name = _only(command, "station", self._stands)
        stand = self._stands.get(name)
        if stand is None:
            raise CommandError(f"no station {name!r} of ours")
        number = arguments.pop("connector", None)
        if number is None:
            number = _only(command, "connector", stand.outlets)
        outlet = stand.outlets.get(number)
        if outlet is None:
            raise CommandError(f"{name} has no connector {number}")
        return Target(stand, outlet)

    def _acting(self, command: str, arguments: Mapping[str, Any]) -> AbstractContextManager[None]:
        """What a command makes our charge points do is a step of an attack that is on there."""
        if command.startswith("station."):
            return self._target(command, dict(arguments)).outlet.by_hand.acting(command)
        stand = self._stands.get(arguments.get("station", ""))
        if command != "csms.call" or stand is None:
            return nullcontext()
        attacks = [outlet.by_hand for outlet in stand.outlets.values()]
        attacked = next((each for each in attacks if each.on), attacks[0])
        return attacked.acting(str(arguments.get("action", command)))

    # Central system: any station, ours or not

    async def _do_csms_call(
        self, station: str, action: str, payload: dict[str, Any]
    ) -> Outcome[dict[str, Any]]:
        """Send any operation; the answer is the data, in short the text."""
        self._need_our_central_system("operations are sent by")
        begun = self._stream.now()
        answer = await self._central_system.call(station, action, payload)
        took = (self._stream.now() - begun) * 1000
        return Outcome(f"{action} to {station}: {_in_short(answer)}, {took:.0f} ms", answer)

    def _do_csms_files(self) -> Outcome[dict[str, str]]:
        """Where stations may bring files and fetch firmware from: URLs by operation and field.

        The server runs from the first time that somebody asks.
        """
        self._need_our_central_system("files are kept by")
        files = self._central_system.files
        version = f"{self._settings.firmware or 'lab'}+1"[:50]
        image = files.add(IMAGE, f"evtui-firmware {version}\n".encode())
        places = {
            "GetDiagnostics.location": files.diagnostics_url,
            "UpdateFirmware.location": image,
        }
        return Outcome(f"files are kept at {files.url}", places)

    def _do_csms_admit(self, station: str) -> str:
        """Let a station in that nobody knows."""
        self._need_our_central_system("stations are let in by")
        self._central_system.admit(station)
        return f"{station} is let in"

    def _do_csms_turn_away(self, station: str) -> str:
        """Refuse a station that nobody knows."""
        self._need_our_central_system("stations are let in by")
        self._central_system.turn_away(station)
        return f"{station} is turned away"

    def _need_our_central_system(self, what: str) -> None:
        if self._settings.csms is not None:
            raise CommandError(f"not with --csms: {what} evtui's own central system")

    # Anomaly

    def _do_anomaly_start(self, target: Target) -> str:
        self._need_our_central_system("the anomaly acts through")
        target.outlet.injector.start()
        return f"fluctuation/{target.outlet.injector.variant} started"

    async def _do_anomaly_stop(self, target: Target) -> str:
        text = await target.outlet.injector.stop()
        if target.outlet.connector.busy:
            await self._end_charging(target)
        return text

    def _do_anomaly_shorter(self, target: Target) -> str:
        return self._scale(target, PERIOD_FACTOR)

    def _do_anomaly_longer(self, target: Target) -> str:
        return self._scale(target, 1 / PERIOD_FACTOR)

    def _scale(self, target: Target, factor: float) -> str:
        parameters = target.outlet.injector.parameters.scaled(factor)
        if parameters == target.outlet.injector.parameters:
            raise ValueError("a wait would leave 0.05 s to 3600 s")
        target.outlet.injector.configure(parameters=parameters)
        return f"period {parameters.period:.2f} s"

    def _do_anomaly_weaker(self, target: Target) -> str:
        return self._amplitude(target, target.outlet.injector.parameters.with_high(-HIGH_STEP))

    def _do_anomaly_stronger(self, target: Target) -> str:
        return self._amplitude(target, target.outlet.injector.parameters.with_high(HIGH_STEP))

    def _do_anomaly_lower_low(self, target: Target) -> str:
        return self._amplitude(target, target.outlet.injector.parameters.with_low(-LOW_STEP))

    def _do_anomaly_raise_low(self, target: Target) -> str:
        return self._amplitude(target, target.outlet.injector.parameters.with_low(LOW_STEP))

    def _amplitude(self, target: Target, parameters: FluctuationParameters) -> str:
        target.outlet.injector.configure(parameters=parameters)
        text = f"low {parameters.low:g} A, high {parameters.high:g} A"
        if target.outlet.injector.variant is Variant.STARTSTOP:
            default = target.outlet.stage.preset.default_limit
            text += f": startstop sends no profiles, the station offers its {default:g} A"
        return text

    def _do_anomaly_variant(self, target: Target) -> str:
        target.outlet.injector.configure(variant=target.outlet.injector.variant.next)
        return f"variant {target.outlet.injector.variant}"

    def _do_anomaly_jitter(self, target: Target) -> str:
        parameters = target.outlet.injector.parameters
        parameters = replace(parameters, jitter=_after(JITTERS, parameters.jitter))
        target.outlet.injector.configure(parameters=parameters)
        return f"jitter {parameters.jitter:.0%}"

    def _do_anomaly_cycles(self, target: Target) -> str:
        parameters = target.outlet.injector.parameters
        parameters = replace(parameters, cycles=_after(CYCLES, parameters.cycles))
        target.outlet.injector.configure(parameters=parameters)
        return f"cycles {parameters.cycles or 'endless'}"

    def _do_anomaly_set(self, target: Target, variant: str | None = None, **numbers: Any) -> str:
        target.outlet.injector.configure(
            variant=None if variant is None else Variant(variant),
            parameters=target.outlet.injector.parameters.updated(numbers),
        )
        return "parameters set"

    # Attacks by hand

    def _do_attack_begin(
        self, target: Target, name: str, layer: Layer, effect: float | None = None
    ) -> str:
        if layer not in get_args(Layer):
            raise CommandError(f"layer: expected one of {', '.join(get_args(Layer))}")
        target.outlet.by_hand.begin(name, layer, effect=effect)
        return f"attack {name} begins: what follows is part of it"

    def _do_attack_end(self, target: Target) -> str:
        """End every one of the connector."""
        ended = target.outlet.by_hand.end_all()
        if not ended:
            raise CommandError(f"no attack is on at connector {target.outlet.number}")
        return f"attack {', '.join(ended)} ended"

    async def _do_lab_all_clear(self) -> str:
        for stand in self._stands.values():
            for outlet in stand.outlets.values():
                outlet.by_hand.end_all()
                await outlet.injector.stop()
                await outlet.injector.clear_leftovers()
                await self._end_charging(Target(stand, outlet))
                await outlet.by_hand.settle(SAFE_WITHIN)
                outlet.injector.configure(
                    variant=Variant(self._settings.variant),
                    parameters=initial_parameters(self._settings),
                )
        return "all clear: no anomaly, no transaction, default parameters"

    def _do_lab_restart(self) -> str:
        names = self._supervisor.restart()
        return f"restarted {', '.join(names)}" if names else "no part has crashed"

    # Recording

    def _do_lab_record(self) -> str:
        if self._recordings is None:
            raise CommandError("whoever started this lab records it")
        return self._recordings.toggle()

    def _do_lab_mark(self, text: str = "", at: float | None = None, station: str = "") -> str:
        """Mark lab time ``at`` in s, or now, at one station or, without one, for all."""
        words = " ".join(text.split()) or "mark"
        self._stream.publish(Mark(source="lab", station=station, text=words, at=at))
        return f"marked: {words}"

    # Station

    async def _do_station_charge(self, target: Target) -> str:
        connector = target.outlet.connector
        if connector.busy:
            await self._end_charging(target)
            return "charging ends"
        if self._settings.csms is not None:
            self._present(target, self._settings.id_tag)
        else:
            status = await self._status_of(
                target,
                "RemoteStartTransaction",
                {"idTag": self._settings.id_tag, "connectorId": connector.number},
            )
            if status != "Accepted":
                raise CommandError(f"remote start {status}: connector is {connector.status}")
        return "charging begins" if connector.plugged else "waiting for a vehicle: p plugs one in"

    async def _end_charging(self, target: Target) -> None:
        """End the transaction through our central system, else at the station itself.

        A start that still waits for a vehicle has no id to stop it by: it ends at the station.
        """
        connector = target.outlet.connector
        name = target.stand.name
        running = self._central_system.open_transaction(name, connector.number)
        if running is not None and self._central_system.is_connected(name):
            stop = {"transactionId": running.transaction_id}
            if await self._status_of(target, "RemoteStopTransaction", stop) == "Accepted":
                return
        connector.stop("Local")

    async def _status_of(self, target: Target, action: str, payload: dict[str, Any]) -> str:
        answer = await self._central_system.call(target.stand.name, action, payload)
        return str(answer["status"])

    def _do_station_swipe(self, target: Target, id_tag: str = "") -> str:
        """Somebody holds an id tag to the reader."""
        return self._present(target, id_tag or self._settings.id_tag)

    @staticmethod
    def _present(target: Target, id_tag: str) -> str:
        connector = target.outlet.connector
        if not connector.busy and not connector.startable:
            raise CommandError(f"connector {connector.number} is {connector.status}")
        connector.present(id_tag)
        return f"id tag {id_tag} presented at connector {connector.number}"

    def _do_station_plug(self, target: Target) -> str:
        target.outlet.plug_or_unplug()
        self._publish_state(target.stand)
        plugged = target.outlet.connector.plugged
        return "vehicle plugged in" if plugged else "vehicle unplugged"

    def _do_station_preset(self, target: Target) -> str:
        name = _after(PRESETS, target.stand.preset)
        target.stand.switch(name, self._settings.meter_interval_for(name))
        return f"preset {name}"

    def _do_station_strict(self, target: Target) -> str:
        configuration = target.stand.charge_point.configuration
        strict = not configuration.flag("EvtuiStrictTxProfile")
        configuration.set("EvtuiStrictTxProfile", strict)
        return f"{'strict' if strict else 'lenient'}: a TxProfile without a transaction is " + (
            "rejected" if strict else "taken"
        )

    def _do_detector_view(self) -> str:
        self._detector.watch(_after(VIEW_CHOICES, self._detector.views))
        for stand in self._stands.values():
            self._publish_state(stand)
        names = {"can": "CAN", "ocpp": "MeterValues"}
        return "detector fed from " + " and ".join(names[view] for view in self._detector.views)


def _for_the_record(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What a program handed over, as it can be written down: it may hold anything."""
    try:
        written = msgspec.json.encode(arguments, enc_hook=repr)
        return msgspec.json.decode(written, type=dict[str, Any])
    except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError):
        return {str(name): repr(value) for name, value in arguments.items()}


def _only(command: str, what: str, several: Mapping[T, object]) -> T:
    """The name of the only one there is.

    Raises:
        CommandError: there are several, so one has to be named.
    """
    if len(several) > 1:
        names = ", ".join(map(str, several))
        raise CommandError(f"{command} needs a {what}, one of {names}")
    return next(iter(several))


def _in_short(answer: dict[str, Any]) -> str:
    """An answer in a few words: its status, or what it holds."""
    if "configurationKey" in answer or "unknownKey" in answer:
        known, unknown = (len(answer.get(name, ())) for name in ("configurationKey", "unknownKey"))
        return f"{known} keys, {unknown} unknown" if unknown else f"{known} keys"
    if "chargingSchedule" in answer:
        schedule = answer["chargingSchedule"]
        unit = schedule["chargingRateUnit"]
        periods = schedule["chargingSchedulePeriod"]
        limits = "; ".join(f"{each['startPeriod']} s {each['limit']:g} {unit}" for each in periods)
        return f"{answer['status']}: {limits}"
    if "status" in answer:
        return str(answer["status"])
    return ", ".join(f"{name} {value}" for name, value in answer.items()) or "done"


def _after(choices: tuple[T, ...], value: Any) -> T:
    """The choice after ``value``, round and round; the second for a value that is none."""
    index = choices.index(value) if value in choices else 0
    return choices[(index + 1) % len(choices)]
