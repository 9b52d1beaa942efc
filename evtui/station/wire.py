"""A charge point put together, from the bottom to the top.

Each piece is handed what it needs, which is there already.  What a piece wants to know of one
that is above it, or beside it, it is told by a listener, and listeners are added here, once both
sides exist.  Nothing is kept and nobody outside is told anything before what was kept from the
last time has been taken back.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

import msgspec

from evtui.events import EventStream
from evtui.ocppj import MessageIds, SentMessages
from evtui.power import Preset
from evtui.runtime import LoopClock
from evtui.smart_charging import ProfileStore
from evtui.station.authorization.authorizer import Authorizer
from evtui.station.authorization.id_tag_cache import IdTagCache
from evtui.station.authorization.local_list import LocalList
from evtui.station.authorization.reservations import Reservations
from evtui.station.charge_point import ChargePoint
from evtui.station.configuration import Configuration
from evtui.station.connector.availability import Availability
from evtui.station.connector.charger_link import ChargerLink
from evtui.station.connector.charging_profiles import ChargingProfiles
from evtui.station.connector.controller import ConnectorController
from evtui.station.connector.hardware_watch import HardwareWatch
from evtui.station.connector.limiter import Limiter
from evtui.station.connector.remote_control import RemoteControl
from evtui.station.connector.starting import Starting
from evtui.station.connector.status import StatusReporter
from evtui.station.connector.transaction_control import TransactionControl
from evtui.station.files.diagnostics import Diagnostics
from evtui.station.files.firmware import FirmwareManagement
from evtui.station.files.journal import Journal
from evtui.station.files.transfers import FileTransfers
from evtui.station.hardware import ConnectorHardware
from evtui.station.identity import Identity, Nameplate
from evtui.station.link.answers import OperationAnswers, StationOperations
from evtui.station.link.connection import Connection, Dial
from evtui.station.link.outbox import Outbox
from evtui.station.link.reboots import Reboots
from evtui.station.link.triggers import Triggers
from evtui.station.metering.connector_meter import ConnectorMeter
from evtui.station.publisher import Publisher
from evtui.station.state.belongings import Belongings
from evtui.station.state.store import StateStore, recover

__all__ = ["Equipment", "build_charge_point"]

RETIMED_BY = frozenset({"MeterValueSampleInterval", "ClockAlignedDataInterval"})


class Equipment(msgspec.Struct, frozen=True):
    """What a charge point has beside its hardware.

    Attributes:
        store: what it must not forget.
        transfers: how it fetches and sends files.
        journal: what it remembers of itself, for diagnostics.
        persist_interval: s between two registers kept while a transaction runs.
        after_crash: reason of a StopTransaction for a transaction that a crash ended,
            ``Reboot`` or ``PowerLoss`` (section 7.36).
        call_timeout: s to wait for an answer of the central system.
    """

    store: StateStore
    transfers: FileTransfers
    journal: Journal
    persist_interval: float = 1.0
    after_crash: str = "Reboot"
    call_timeout: float = 30.0


class _Ground(msgspec.Struct, frozen=True, kw_only=True):
    """What the pieces of every connector are made from."""

    publisher: Publisher
    clock: LoopClock
    configuration: Configuration
    outbox: Outbox
    store: StateStore
    persist_interval: float
    profiles: ProfileStore
    authorizer: Authorizer
    reservations: Reservations


def build_charge_point(
    identity: Identity,
    stream: EventStream,
    clock: LoopClock,
    hardware: Mapping[int, ConnectorHardware],
    preset: Preset,
    dial: Dial,
    equipment: Equipment,
    *,
    ids: MessageIds,
    sent: SentMessages,
    chance: random.Random,
    meter_interval: float,
    strict: bool,
    tolerant: bool = False,
    reconfigured: Callable[[str], None] = lambda key: None,
) -> ChargePoint:
    """Make a charge point that goes on where it ended.

    Args:
        identity: who it says it is.
        stream: where everything is published.
        clock: lab clock.
        hardware: of its connectors, by connectorId, from 1 without gaps.
        preset: kind of power stage.
        dial: opens a transport to the central system.
        equipment: what else it has.
        ids: message ids.
        sent: twins of messages, shared with our central system.
        chance: spreads reconnects.
        meter_interval: s between MeterValues.
        strict: reject a TxProfile without a transaction.
        tolerant: act on messages of the central system that break their schemas slightly.
        reconfigured: called with the key after a configuration key has changed.

    Raises:
        StateError: what was kept cannot be used.
    """
    numbers = sorted(hardware)
    store = equipment.store

    # What knows nothing of a connector

    publisher = Publisher(identity.name, stream)
    nameplate = Nameplate(identity, store)
    configuration = Configuration(
        connectors=len(hardware),
        meter_interval=meter_interval,
        strict=strict,
        refused=lambda line: publisher.note(line, "warning"),
    )
    interrupted = recover(store, equipment.after_crash)
    outbox = Outbox(
        stream,
        identity.name,
        store,
        attempts=lambda: configuration.number("TransactionMessageAttempts"),
        retry_interval=lambda: configuration.number("TransactionMessageRetryInterval"),
    )
    profiles = ProfileStore()

    # Status, and who may charge

    statuses = {
        number: StatusReporter(number, publisher, clock, configuration, outbox)
        for number in (0, *numbers)
    }
    local_list = LocalList(configuration)
    cache = IdTagCache()
    authorizer = Authorizer(
        configuration,
        clock,
        outbox,
        local_list,
        cache,
        conflict=lambda id_tag: statuses[0].notify(always=True, error_code="LocalListConflict"),
    )
    reservations = Reservations(
        numbers, configuration, clock, status=lambda number: statuses[number].status.value
    )
    _reserve(statuses, reservations)

    # Connectors and their modules

    ground = _Ground(
        publisher=publisher,
        clock=clock,
        configuration=configuration,
        outbox=outbox,
        store=store,
        persist_interval=equipment.persist_interval,
        profiles=profiles,
        authorizer=authorizer,
        reservations=reservations,
    )
    controllers = {
        number: _connector(ground, number, preset, statuses[number], hardware[number])
        for number in numbers
    }
    for number, controller in controllers.items():
        hardware[number].charger.on_report = controller.hardware.on_report
        hardware[number].line.on_change = controller.on_vehicle
        others = [each.limiter for each in controllers.values() if each is not controller]
        controller.limiter.neighbours = others

    # What is asked of all of them

    availability = Availability(statuses[0], controllers)
    for controller in controllers.values():
        controller.ended.add(availability.review)
    charging_profiles = ChargingProfiles(controllers, profiles, configuration, clock, publisher)
    connection = Connection(
        nameplate,
        publisher,
        configuration,
        outbox,
        dial,
        ids=ids,
        sent=sent,
        chance=chance,
        tolerant=tolerant,
    )
    reboots = Reboots(controllers, publisher, configuration, outbox, connection.restart)

    def boot_with(version: str) -> None:
        nameplate.install(version)
        reboots.begin("Reboot")

    firmware = FirmwareManagement(
        publisher,
        clock,
        outbox,
        equipment.transfers,
        busy=lambda: any(each.transaction for each in controllers.values()),
        installing=reboots.installing,
        reboot=boot_with,
    )
    diagnostics = Diagnostics(
        nameplate, publisher, clock, outbox, equipment.transfers, equipment.journal
    )
    operations = StationOperations(
        configuration=configuration,
        authorizer=authorizer,
        availability=availability,
        remote_control=RemoteControl(controllers, charging_profiles, outbox),
        triggers=Triggers(controllers, statuses[0], firmware, diagnostics, connection, outbox),
        charging_profiles=charging_profiles,
        local_list=local_list,
        reservations=reservations,
        firmware=firmware,
        diagnostics=diagnostics,
        reboots=reboots,
    )
    charge_point = ChargePoint(
        nameplate=nameplate,
        publisher=publisher,
        store=store,
        configuration=configuration,
        profiles=profiles,
        outbox=outbox,
        reservations=reservations,
        connectors=controllers,
        availability=availability,
        connection=connection,
        reboots=reboots,
        firmware=firmware,
        diagnostics=diagnostics,
        answers=OperationAnswers(operations),
        interrupted=interrupted,
    )

    # What was kept, and from then on what is told and kept

    charge_point.use(preset)
    configuration.set("MessageTimeout", equipment.call_timeout)
    belongings = Belongings(
        store,
        {
            "configuration": configuration,
            "local list": local_list,
            "id tag cache": cache,
            "charging profiles": charging_profiles,
            "reservations": reservations,
            "availability": availability,
            "firmware update": firmware,
            "diagnostics upload": diagnostics,
        },
    )
    belongings.take_back()
    nameplate.take_back()
    for controller in controllers.values():
        controller.apply_limit()
    _follow_configuration(configuration, controllers, connection)
    belongings.keep_up()
    configuration.changed.add(reconfigured)
    _tell_when_accepted(connection, statuses, firmware, diagnostics)
    return charge_point


def _connector(
    ground: _Ground,
    number: int,
    preset: Preset,
    status: StatusReporter,
    hardware: ConnectorHardware,
) -> ConnectorController:
    """One connector with everything that is its own."""
    publisher, clock, configuration = ground.publisher, ground.clock, ground.configuration
    limiter = Limiter(number, preset, clock, configuration, ground.profiles)
    metering = ConnectorMeter(
        number,
        preset,
        publisher,
        clock,
        configuration,
        ground.outbox,
        ground.store,
        ground.persist_interval,
        offered=lambda: limiter.limit,
    )
    module = ChargerLink(hardware, clock, metering.meter)
    control = TransactionControl(
        number,
        publisher,
        clock,
        configuration,
        ground.outbox,
        ground.store,
        ground.authorizer,
        ground.reservations,
        status,
        metering,
        limiter,
        module,
    )
    starting = Starting(
        number,
        publisher,
        configuration,
        ground.authorizer,
        ground.reservations,
        status,
        control.begin,
    )
    return ConnectorController(
        number,
        preset,
        publisher,
        configuration,
        ground.authorizer,
        status_report=status,
        metering=metering,
        limiter=limiter,
        module=module,
        wires=hardware,
        hardware=HardwareWatch(hardware, clock, status, metering, limiter, module, control),
        control=control,
        starting=starting,
    )


def _reserve(statuses: Mapping[int, StatusReporter], reservations: Reservations) -> None:
    """A status may end a reservation, and a reservation is a status of a free connector."""

    def show(number: int) -> None:
        if number in statuses and number != 0:
            statuses[number].update(reserved=reservations.held(number))

    reservations.changed.add(show)
    for status in statuses.values():
        status.changed.add(reservations.review)


def _follow_configuration(
    configuration: Configuration,
    connectors: Mapping[int, ConnectorController],
    connection: Connection,
) -> None:
    """Whoever goes by a key is told when it changes; most keys are read when they are needed."""

    def changed(key: str) -> None:
        if key == "EvtuiDefaultLimit":
            for controller in connectors.values():
                controller.apply_limit()
        elif key == "HeartbeatInterval":
            connection.retime_heartbeats()
        elif key == "WebSocketPingInterval":
            connection.retime_pings()
        elif key in RETIMED_BY:
            for controller in connectors.values():
                controller.metering.retime()

    configuration.changed.add(changed)


def _tell_when_accepted(
    connection: Connection,
    statuses: Mapping[int, StatusReporter],
    firmware: FirmwareManagement,
    diagnostics: Diagnostics,
) -> None:
    """Tell the central system where we stand (section 4.9, errata 3.22)."""

    def accepted(booted: bool) -> None:
        for status in statuses.values():
            status.notify(always=booted)
        firmware.notify(triggered=False)
        diagnostics.notify(triggered=False)

    connection.accepted.add(accepted)
