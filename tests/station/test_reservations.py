"""Reservations: who gets one, whom it keeps out, and what ends it (sections 3.11, 5.1, 5.13)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evtui.runtime.clock import LoopClock
from evtui.station.authorization.reservations import Reservations
from tests.station.rig import virtual
from tests.virtual_loop import run_virtual

START_UTC = 1_767_268_800.0
"""2026-01-01T12:00:00Z."""

HOUR = START_UTC + 3600


class Site:
    """The reservations of a station; its connectors are Available until the test says else."""

    def __init__(
        self, connectors: int = 2, *, zero: bool = True, start_utc: float = START_UTC
    ) -> None:
        self.zero = zero
        self.statuses = dict.fromkeys(range(connectors + 1), "Available")
        self.changes: list[tuple[int, bool]] = []
        self.when_changed: Callable[[int], object] = lambda connector: None
        self.clock = LoopClock(asyncio.get_running_loop(), start_utc)
        self.reservations = Reservations(range(1, connectors + 1), self, self.clock, self.status)
        self.reservations.changed.add(self.changed)

    def flag(self, key: str) -> bool:
        return {"ReserveConnectorZeroSupported": self.zero}[key]

    def status(self, connector: int) -> str:
        status = self.statuses[connector]
        held = connector != 0 and self.reservations.held(connector)
        return "Reserved" if status == "Available" and held else status

    def changed(self, connector: int) -> None:
        self.changes.append((connector, self.reservations.held(connector)))
        self.when_changed(connector)

    def reserve(
        self,
        connector: int = 1,
        id_tag: str = "TAG",
        *,
        number: int = 7,
        expires: float = HOUR,
        parent: str | None = None,
    ) -> str:
        return self.reservations.reserve(connector, id_tag, expires, number, parent)

    def may_use(self, connector: int, id_tag: str, parent: str | None = None) -> bool:
        return self.reservations.blocking(connector, id_tag, parent) is None

    def becomes(self, connector: int, status: str) -> None:
        """A status changes, and the reservations are told."""
        self.statuses[connector] = status
        self.reservations.review()


# Asking for one


@virtual
async def test_a_free_connector_is_reserved() -> None:
    site = Site()

    assert site.reserve(1) == "Accepted"

    assert site.reservations.held(1)
    assert not site.reservations.held(2)
    assert site.changes == [(1, True)]


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        ("Preparing", "Occupied"),
        ("Charging", "Occupied"),
        ("SuspendedEV", "Occupied"),
        ("SuspendedEVSE", "Occupied"),
        ("Finishing", "Occupied"),
        ("Unavailable", "Unavailable"),
        ("Faulted", "Faulted"),
    ],
)
def test_a_connector_that_is_not_free_is_not_reserved(status: str, answer: str) -> None:
    async def scenario() -> None:
        site = Site()
        site.statuses[1] = status

        assert site.reserve(1) == answer
        assert len(site.reservations) == 0
        assert site.reserve(2) == "Accepted"

    run_virtual(scenario())


@pytest.mark.parametrize("status", ["Unavailable", "Faulted"])
@pytest.mark.parametrize("connector", [0, 1])
def test_a_charge_point_out_of_order_reserves_nothing(connector: int, status: str) -> None:
    async def scenario() -> None:
        site = Site()
        site.statuses[0] = status

        assert site.reserve(connector) == status

    run_virtual(scenario())


@pytest.mark.parametrize("id_tag", ["TAG", "OTHER"])
@pytest.mark.parametrize("connector", [0, 1])
def test_what_is_reserved_is_occupied_for_the_same_and_for_another_tag(
    connector: int, id_tag: str
) -> None:
    async def scenario() -> None:
        site = Site(3)
        site.reserve(connector)

        assert site.reserve(connector, id_tag, number=8) == "Occupied"

    run_virtual(scenario())


@virtual
async def test_an_unknown_connector_is_rejected() -> None:
    assert Site().reserve(3) == "Rejected"


@virtual
async def test_a_moment_that_has_passed_is_rejected() -> None:
    assert Site().reserve(expires=START_UTC) == "Rejected"


@virtual
async def test_the_same_id_replaces_a_reservation_wherever_it_was() -> None:
    site = Site()
    site.reserve(1, "OLD")

    assert site.reserve(1, "NEW") == "Accepted"
    assert not site.may_use(1, "OLD")

    assert site.reserve(2, "NEW") == "Accepted"
    assert (site.reservations.held(1), site.reservations.held(2)) == (False, True)
    assert site.changes[-2:] == [(1, False), (2, True)]
    assert len(site.reservations) == 1


@virtual
async def test_a_replacement_that_is_refused_leaves_the_old_reservation_alone() -> None:
    site = Site()
    site.reserve(1)
    site.statuses[2] = "Charging"

    assert site.reserve(2) == "Occupied"
    assert site.reservations.held(1)


# Any connector


@virtual
async def test_connector_0_needs_the_configuration_key() -> None:
    assert Site(zero=False).reserve(0) == "Rejected"


@virtual
async def test_a_reservation_of_any_connector_holds_none_but_keeps_the_last_one_free() -> None:
    site = Site()

    assert site.reserve(0) == "Accepted"
    assert not site.reservations.held(1)
    assert site.may_use(1, "OTHER")

    site.statuses[1] = "Charging"
    assert not site.may_use(2, "OTHER")
    assert site.may_use(2, "TAG")


@virtual
async def test_a_connector_reserved_for_somebody_else_is_not_the_one_kept_free() -> None:
    site = Site(3)
    site.reserve(0, "ANY")
    site.reserve(1, "ONE", number=8)

    assert site.may_use(2, "OTHER")
    site.statuses[2] = "Preparing"
    assert not site.may_use(3, "OTHER")
    assert not site.may_use(1, "ANY")


@virtual
async def test_the_last_free_connector_cannot_be_reserved_away_from_any() -> None:
    site = Site(2)
    site.reserve(0)

    assert site.reserve(1, "A", number=8) == "Accepted"
    assert site.reserve(2, "B", number=9) == "Occupied"


@virtual
async def test_any_may_be_narrowed_to_one_and_one_widened_to_any() -> None:
    site = Site(1)

    assert [site.reserve(0), site.reserve(1), site.reserve(0)] == ["Accepted"] * 3
    assert len(site.reservations) == 1
    assert not site.reservations.held(1)


@pytest.mark.parametrize(
    ("statuses", "answer"),
    [
        (("Charging", "Available"), "Accepted"),
        (("Faulted", "Available"), "Accepted"),
        (("Charging", "Finishing"), "Occupied"),
        (("Charging", "Faulted"), "Occupied"),
        (("Faulted", "Faulted"), "Faulted"),
        (("Unavailable", "Unavailable"), "Unavailable"),
        (("Unavailable", "Faulted"), "Unavailable"),
    ],
)
def test_any_connector_is_reserved_if_one_is_free(statuses: tuple[str, str], answer: str) -> None:
    async def scenario() -> None:
        site = Site()
        site.statuses[1], site.statuses[2] = statuses

        assert site.reserve(0) == answer

    run_virtual(scenario())


@virtual
async def test_any_connector_is_not_to_be_had_when_all_are_reserved() -> None:
    site = Site(1)
    site.reserve(1)

    assert site.reserve(0, number=8) == "Occupied"


# Using it


@virtual
async def test_a_reserved_connector_is_only_for_its_tag_or_group() -> None:
    site = Site()
    site.reserve(1, "TAG", parent="FAMILY")

    assert site.may_use(1, "tag")
    assert site.may_use(1, "OTHER", "family")
    assert not site.may_use(1, "OTHER", "NEIGHBOURS")
    assert not site.may_use(1, "OTHER")
    assert not site.may_use(1, "FAMILY")
    assert site.may_use(2, "OTHER")


@virtual
async def test_who_is_kept_out_learns_by_which_reservation() -> None:
    site = Site()
    site.reserve(1, "TAG", parent="FAMILY")

    blocking = site.reservations.blocking(1, "OTHER", None)

    assert blocking is not None
    assert (blocking.reservation_id, blocking.parent) == (7, "FAMILY")


@virtual
async def test_a_transaction_of_the_tag_ends_the_reservation_and_carries_its_id() -> None:
    site = Site()
    site.reserve(1)

    assert site.reservations.use(1, "TAG", None) == 7

    assert len(site.reservations) == 0
    assert site.changes == [(1, True), (1, False)]


@virtual
async def test_a_transaction_at_another_connector_ends_only_a_reservation_of_any() -> None:
    site = Site()
    site.reserve(1, "TAG", number=7)
    assert site.reservations.use(2, "TAG", None) is None

    site.reserve(0, "TAG", number=8)
    assert site.reservations.use(2, "TAG", None) == 8
    assert site.reservations.held(1)


@virtual
async def test_of_two_reservations_the_one_of_the_connector_ends() -> None:
    site = Site()
    site.reserve(0, number=8)
    site.reserve(1, number=7)

    assert site.reservations.use(1, "TAG", None) == 7
    assert site.reservations.cancel(8) == "Accepted"


@virtual
async def test_a_transaction_of_somebody_else_ends_nothing() -> None:
    site = Site()
    site.reserve(0)

    assert site.reservations.use(1, "OTHER", None) is None
    assert len(site.reservations) == 1


# Its end


@virtual
async def test_a_cancelled_reservation_is_gone_and_cancelling_it_again_is_rejected() -> None:
    site = Site()
    site.reserve(1)

    assert site.reservations.cancel(8) == "Rejected"
    assert site.reservations.cancel(7) == "Accepted"
    assert site.reservations.cancel(7) == "Rejected"
    assert site.changes == [(1, True), (1, False)]


@virtual
async def test_each_reservation_ends_at_its_own_expiry() -> None:
    site = Site()
    site.reserve(1, number=7, expires=START_UTC + 20)
    site.reserve(2, number=8, expires=START_UTC + 10)

    await asyncio.sleep(9.9)
    assert len(site.reservations) == 2
    await asyncio.sleep(0.2)
    assert (site.reservations.held(1), site.reservations.held(2)) == (True, False)
    await asyncio.sleep(9.7)
    assert site.reservations.held(1)
    await asyncio.sleep(0.3)
    assert not site.reservations.held(1)
    assert site.changes == [(1, True), (2, True), (2, False), (1, False)]


@virtual
async def test_a_replaced_reservation_ends_at_its_new_expiry() -> None:
    site = Site()
    site.reserve(expires=START_UTC + 10)
    site.reserve(expires=START_UTC + 100)

    await asyncio.sleep(50)
    assert site.reservations.held(1)
    await asyncio.sleep(51)
    assert not site.reservations.held(1)


@pytest.mark.parametrize("year", [2027, 2039, 2100, 9999])
def test_a_reservation_for_years_does_not_end_early(year: int) -> None:
    async def scenario() -> None:
        site = Site()
        assert site.reserve(expires=datetime(year, 12, 31, tzinfo=UTC).timestamp()) == "Accepted"

        for _ in range(90):
            await asyncio.sleep(86_400)
            assert site.reservations.held(1)

    run_virtual(scenario())


@pytest.mark.parametrize("year", [2027, 2038, 2039, 2100, 2107])
def test_a_reservation_ends_on_time_in_any_year(year: int) -> None:
    async def scenario() -> None:
        expires = datetime(year, 1, 19, 3, 14, 8, tzinfo=UTC).timestamp()
        site = Site(start_utc=expires - 30 * 86_400)
        site.reserve(expires=expires)

        await asyncio.sleep(30 * 86_400 - 0.1)
        assert site.reservations.held(1)
        await asyncio.sleep(0.2)
        assert not site.reservations.held(1)

    run_virtual(scenario())


@pytest.mark.parametrize("status", ["Faulted", "Unavailable"])
def test_a_connector_out_of_order_loses_its_reservation_only(status: str) -> None:
    async def scenario() -> None:
        site = Site()
        site.reserve(1, number=7)
        site.reserve(2, number=8)

        site.becomes(1, status)

        assert (site.reservations.held(1), site.reservations.held(2)) == (False, True)

    run_virtual(scenario())


@pytest.mark.parametrize("status", ["Faulted", "Unavailable"])
def test_a_charge_point_out_of_order_loses_every_reservation(status: str) -> None:
    async def scenario() -> None:
        site = Site(3)
        site.reserve(0, number=6)
        site.reserve(1, number=7)

        site.becomes(0, status)

        assert len(site.reservations) == 0

    run_virtual(scenario())


@virtual
async def test_a_reservation_of_any_lasts_until_no_connector_is_operative() -> None:
    site = Site()
    site.reserve(0)

    site.becomes(1, "Faulted")
    assert len(site.reservations) == 1
    site.becomes(2, "Charging")
    assert len(site.reservations) == 1
    site.becomes(2, "Unavailable")
    assert len(site.reservations) == 0


@virtual
async def test_whoever_is_told_of_an_end_may_act_on_another_one() -> None:
    site = Site()
    site.reserve(1, number=7)
    site.reserve(2, number=8)
    site.when_changed = lambda connector: site.reservations.cancel(8)

    site.becomes(0, "Faulted")

    assert len(site.reservations) == 0
    assert site.changes[2:] == [(1, False), (2, False)]


@virtual
async def test_nothing_is_left_to_do_after_close() -> None:
    site = Site()
    site.reserve(expires=START_UTC + 10)
    site.reservations.close()

    await asyncio.sleep(20)

    assert site.changes == [(1, True)]


# Over a restart


@virtual
async def test_reservations_survive_being_written_down() -> None:
    site, again = Site(3), Site(3)
    site.reserve(0, "ANY", number=6, expires=START_UTC + 10)
    site.reserve(1, "TAG", number=7, parent="FAMILY", expires=START_UTC + 30)
    site.reserve(3, "TAG", number=8, expires=START_UTC + 40)
    written = msgspec.json.encode(site.reservations.export())
    await asyncio.sleep(0)

    again.reservations.restore(msgspec.json.decode(written))

    assert again.reservations.export() == site.reservations.export()
    assert again.changes == [(0, True), (1, True), (3, True)]
    await asyncio.sleep(31)
    assert [each["reservation_id"] for each in again.reservations.export()] == [8]


@virtual
async def test_what_has_expired_or_lost_its_connector_meanwhile_does_not_come_back() -> None:
    site, smaller = Site(3), Site(2)
    site.reserve(1, number=7, expires=START_UTC + 10)
    site.reserve(2, number=8)
    site.reserve(3, number=9)
    written = site.reservations.export()
    await asyncio.sleep(11)

    smaller.reservations.restore(written)

    assert [each["reservation_id"] for each in smaller.reservations.export()] == [8]
    assert smaller.changes == [(2, True)]


@virtual
async def test_damaged_reservations_are_refused_and_it_is_said_where() -> None:
    with pytest.raises(ValueError, match=r"\$\[0\]\.expires"):
        Site().reservations.restore(
            [{"reservation_id": 7, "connector": 1, "id_tag": "TAG", "expires": "soon"}]
        )


# Whatever happens

connectors = st.integers(0, 3)
tags = st.sampled_from(["A", "B", "C"])
steps = st.one_of(
    st.tuples(st.just("reserve"), connectors, tags, st.integers(1, 5), st.integers(1, 50)),
    st.tuples(st.just("cancel"), st.integers(1, 5)),
    st.tuples(st.just("start"), st.integers(1, 3), tags),
    st.tuples(st.just("end"), st.integers(1, 3)),
    st.tuples(st.just("wait"), st.integers(1, 30)),
)


@settings(max_examples=50, deadline=None)
@given(st.lists(steps, max_size=20))
def test_who_has_reserved_any_connector_always_finds_one(steps: list[tuple[object, ...]]) -> None:
    """As long as everybody asks :meth:`Reservations.blocking` first."""

    async def scenario() -> None:
        site = Site(3)
        for step in steps:
            match step:
                case ("reserve", int(connector), str(id_tag), int(number), int(seconds)):
                    expires = START_UTC + site.clock.now() + seconds
                    site.reserve(connector, id_tag, number=number, expires=expires)
                case ("cancel", int(number)):
                    site.reservations.cancel(number)
                case ("start", int(connector), str(id_tag)):
                    if site.statuses[connector] == "Available" and site.may_use(connector, id_tag):
                        site.reservations.use(connector, id_tag, None)
                        site.statuses[connector] = "Charging"
                case ("end", int(connector)):
                    site.statuses[connector] = "Available"
                case ("wait", int(seconds)):
                    await asyncio.sleep(seconds)
            for reservation in site.reservations.export():
                wanted = reservation["connector"]
                assert any(
                    site.statuses[number] == "Available"
                    and site.may_use(number, reservation["id_tag"])
                    for number in ((1, 2, 3) if wanted == 0 else (wanted,))
                )

    run_virtual(scenario())
