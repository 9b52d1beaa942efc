"""What one can tell the lab, by the names in :mod:`evtui.commands`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar, get_args

from ocpp.v16 import call

from evtui.anomalies.injector import AnomalyError
from evtui.anomalies.ocpp.fluctuation import PERIOD_FACTOR, FluctuationParameters, Variant
from evtui.central_system.system import CentralSystem, StationOffline
from evtui.config import Preset, Settings
from evtui.detection import VIEWS, DetectorPart, View
from evtui.events import EventStream, Mark
from evtui.lab.recordings import Recordings
from evtui.lab.stand import CONNECTOR, Stand
from evtui.ocpp16.link import CallRefused, LinkClosed
from evtui.recording.folder import RecordingError
from evtui.runtime.supervisor import Supervisor

__all__ = ["CommandError", "Orders", "initial_parameters"]

T = TypeVar("T")

PRESETS: tuple[Preset, ...] = get_args(Preset)
HIGH_STEP, LOW_STEP = 10.0, 2.0
"""A that one key press changes the high and the low limit by."""

JITTERS = (0.0, 0.1, 0.25, 0.5)
CYCLES = (0, 1, 3, 10)
VIEW_CHOICES: tuple[tuple[View, ...], ...] = (VIEWS, ("can",), ("ocpp",))


_CANNOT = (AnomalyError, ValueError, StationOffline, LinkClosed, CallRefused, RecordingError)


class CommandError(Exception):
    """A command cannot be done; the text is one line for people."""


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

    async def execute(self, command: str, **arguments: Any) -> str:
        """See :meth:`evtui.lab.Lab.execute`."""
        handler = getattr(self, "_do_" + command.replace(".", "_"), None)
        if handler is None:
            raise CommandError(f"no command {command!r}")
        name = arguments.pop("station", self._settings.id)
        stand = self._stands.get(name)
        if stand is None:
            raise CommandError(f"no station {name!r}")
        try:
            result = handler(stand, **arguments)
            text = await result if asyncio.iscoroutine(result) else result
        except _CANNOT as error:
            raise CommandError(str(error)) from None
        except TimeoutError as error:
            raise CommandError(str(error) or "no answer in time") from None
        return str(text)

    # Anomaly

    def _do_anomaly_start(self, stand: Stand) -> str:
        if self._settings.csms is not None:
            raise AnomalyError(
                "not with --csms: the anomaly acts through evtui's own central system"
            )
        stand.injector.start()
        return f"fluctuation/{stand.injector.variant} started"

    async def _do_anomaly_stop(self, stand: Stand) -> str:
        text = await stand.injector.stop()
        if stand.connector.busy:
            await self._end_charging(stand)
        return text

    def _do_anomaly_shorter(self, stand: Stand) -> str:
        return self._scale(stand, PERIOD_FACTOR)

    def _do_anomaly_longer(self, stand: Stand) -> str:
        return self._scale(stand, 1 / PERIOD_FACTOR)

    def _scale(self, stand: Stand, factor: float) -> str:
        parameters = stand.injector.parameters.scaled(factor)
        if parameters == stand.injector.parameters:
            raise ValueError("a wait would leave 0.05 s to 3600 s")
        stand.injector.configure(parameters=parameters)
        return f"period {parameters.period:.2f} s"

    def _do_anomaly_weaker(self, stand: Stand) -> str:
        return self._amplitude(stand, stand.injector.parameters.with_high(-HIGH_STEP))

    def _do_anomaly_stronger(self, stand: Stand) -> str:
        return self._amplitude(stand, stand.injector.parameters.with_high(HIGH_STEP))

    def _do_anomaly_lower_low(self, stand: Stand) -> str:
        return self._amplitude(stand, stand.injector.parameters.with_low(-LOW_STEP))

    def _do_anomaly_raise_low(self, stand: Stand) -> str:
        return self._amplitude(stand, stand.injector.parameters.with_low(LOW_STEP))

    def _amplitude(self, stand: Stand, parameters: FluctuationParameters) -> str:
        stand.injector.configure(parameters=parameters)
        text = f"low {parameters.low:g} A, high {parameters.high:g} A"
        if stand.injector.variant is Variant.STARTSTOP:
            default = stand.stage.preset.default_limit
            text += f": startstop sends no profiles, the station offers its {default:g} A"
        return text

    def _do_anomaly_variant(self, stand: Stand) -> str:
        stand.injector.configure(variant=stand.injector.variant.next)
        return f"variant {stand.injector.variant}"

    def _do_anomaly_jitter(self, stand: Stand) -> str:
        parameters = stand.injector.parameters
        parameters = replace(parameters, jitter=_after(JITTERS, parameters.jitter))
        stand.injector.configure(parameters=parameters)
        return f"jitter {parameters.jitter:.0%}"

    def _do_anomaly_cycles(self, stand: Stand) -> str:
        parameters = stand.injector.parameters
        parameters = replace(parameters, cycles=_after(CYCLES, parameters.cycles))
        stand.injector.configure(parameters=parameters)
        return f"cycles {parameters.cycles or 'endless'}"

    def _do_anomaly_set(self, stand: Stand, **numbers: Any) -> str:
        stand.injector.configure(parameters=stand.injector.parameters.updated(numbers))
        return "parameters set"

    async def _do_lab_all_clear(self, stand: Stand) -> str:
        for each in self._stands.values():
            await each.injector.stop()
            await each.injector.clear_leftovers()
            await self._end_charging(each)
            each.injector.configure(
                variant=Variant(self._settings.variant),
                parameters=initial_parameters(self._settings),
            )
        return "all clear: no anomaly, no transaction, default parameters"

    def _do_lab_restart(self, stand: Stand) -> str:
        names = self._supervisor.restart()
        return f"restarted {', '.join(names)}" if names else "no part has crashed"

    # Recording

    def _do_lab_record(self, stand: Stand) -> str:
        if self._recordings is None:
            raise CommandError("whoever started this lab records it")
        return self._recordings.toggle()

    def _do_lab_mark(self, stand: Stand, text: str = "", at: float | None = None) -> str:
        """Mark lab time ``at`` in s, or now."""
        words = " ".join(text.split()) or "mark"
        self._stream.publish(Mark(source="lab", station=stand.name, text=words, at=at))
        return f"marked: {words}"

    # Station

    async def _do_station_charge(self, stand: Stand) -> str:
        connector = stand.connector
        if connector.busy:
            await self._end_charging(stand)
            return "charging ends"
        if self._settings.csms is not None:
            if not connector.startable:
                raise CommandError(f"connector {CONNECTOR} is {connector.status}")
            connector.request_start(self._settings.id_tag)
        else:
            answer = await self._central_system.call(
                stand.name,
                call.RemoteStartTransaction(id_tag=self._settings.id_tag, connector_id=CONNECTOR),
            )
            if answer.status != "Accepted":
                raise CommandError(f"remote start {answer.status}: connector is {connector.status}")
        return "charging begins" if connector.plugged else "waiting for a vehicle: p plugs one in"

    async def _end_charging(self, stand: Stand) -> None:
        """End the transaction through our central system, else at the station itself.

        A start that still waits for a vehicle has no id to stop it by: it ends at the station.
        """
        running = self._central_system.open_transaction(stand.name, CONNECTOR)
        if running is not None and self._central_system.is_connected(stand.name):
            answer = await self._central_system.call(
                stand.name, call.RemoteStopTransaction(transaction_id=running.transaction_id)
            )
            if answer.status == "Accepted":
                return
        stand.charge_point.stop_charging("Local")

    def _do_station_plug(self, stand: Stand) -> str:
        stand.plug_or_unplug()
        self._publish_state(stand)
        return "vehicle plugged in" if stand.connector.plugged else "vehicle unplugged"

    def _do_station_preset(self, stand: Stand) -> str:
        name = _after(PRESETS, stand.preset)
        stand.switch(name, self._settings.meter_interval_for(name))
        return f"preset {name}"

    def _do_station_strict(self, stand: Stand) -> str:
        configuration = stand.charge_point.configuration
        strict = not configuration.flag("EvtuiStrictTxProfile")
        configuration.set("EvtuiStrictTxProfile", strict)
        return f"{'strict' if strict else 'lenient'}: a TxProfile without a transaction is " + (
            "rejected" if strict else "taken"
        )

    def _do_detector_view(self, stand: Stand) -> str:
        self._detector.watch(_after(VIEW_CHOICES, self._detector.views))
        self._publish_state(stand)
        names = {"can": "CAN", "ocpp": "MeterValues"}
        return "detector fed from " + " and ".join(names[view] for view in self._detector.views)


def initial_parameters(settings: Settings) -> FluctuationParameters:
    """The anomaly's parameters as the settings say."""
    return FluctuationParameters(
        low=settings.low_a,
        high=settings.high_a,
        waits=settings.waits_s,
        cycles=settings.cycles,
        jitter=settings.jitter,
    )


def _after(choices: tuple[T, ...], value: Any) -> T:
    """The choice after ``value``, round and round; the second for a value that is none."""
    index = choices.index(value) if value in choices else 0
    return choices[(index + 1) % len(choices)]
