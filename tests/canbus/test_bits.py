from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.canbus.bits import (
    FD_LENGTHS,
    classic_bits,
    fd_bits,
    worst_classic_bits,
    worst_fd_bits,
)
from tests.bench.measure import full
from tests.canbus import wire

FRAMES = 100_000 if full() else 4_000

identifiers = st.booleans().flatmap(
    lambda extended: st.tuples(
        st.just(extended), st.integers(0, (1 << 29) - 1 if extended else 0x7FF)
    )
)
streaky = st.lists(st.sampled_from([0x00, 0xFF, 0x0F, 0xF0, 0x1F, 0x07, 0x83, 0x7C]), max_size=8)


def payload(chance: random.Random, length: int) -> bytes:
    """Random bytes, or such as make many stuff bits."""
    if chance.random() < 0.5:
        return chance.randbytes(length)
    return bytes(chance.choice((0x00, 0xFF, 0x0F, 0xF0, 0x1F, 0xC1)) for _ in range(length))


def test_lengths_agree_with_frames_built_bit_by_bit() -> None:
    chance = random.Random(11898)
    wrong: list[object] = []
    for _ in range(FRAMES):
        extended = chance.random() < 0.5
        identifier = chance.getrandbits(29 if extended else 11)
        agree = _fd_agrees if chance.random() < 0.5 else _classic_agrees
        wrong += agree(chance, identifier, extended)
    assert not wrong


def _fd_agrees(chance: random.Random, identifier: int, extended: bool) -> list[object]:
    data = payload(chance, chance.choice(FD_LENGTHS))
    brs, esi = chance.random() < 0.5, chance.random() < 0.2
    nominal, switched = wire.fd(identifier, data, extended=extended, brs=brs, esi=esi)
    told = fd_bits(identifier, data, extended=extended, brs=brs, esi=esi)
    built = len(nominal), len(switched)
    return [] if told == built else [(identifier, data, extended, brs, esi, told, built)]


def _classic_agrees(chance: random.Random, identifier: int, extended: bool) -> list[object]:
    remote = chance.random() < 0.1
    data = b"" if remote else payload(chance, chance.randrange(9))
    asked = chance.randrange(9) if remote else 0
    built = wire.classic(identifier, data, extended=extended, remote=remote, requested=asked)
    told = classic_bits(identifier, data, extended=extended, remote=remote, requested=asked)
    if told == len(built):
        return []
    return [(identifier, data, extended, remote, asked, told, len(built))]


@given(identifiers, streaky)
def test_a_frame_is_as_long_as_without_stuffing_at_least_and_as_the_worst_case_at_most(
    identifier: tuple[bool, int], data: list[int]
) -> None:
    extended, number = identifier
    bits = classic_bits(number, bytes(data), extended=extended)
    plain = (67 if extended else 47) + 8 * len(data)
    assert plain <= bits <= worst_classic_bits(len(data), extended=extended)


@pytest.mark.parametrize("length", range(9))
def test_the_worst_case_is_that_of_the_analysis(length: int) -> None:
    """g + 8s + 13 + floor((g + 8s - 1) / 4), g = 34 or 54: Davis et al. 2007, equation 1."""
    for extended, g in ((False, 34), (True, 54)):
        expected = g + 8 * length + 13 + (g + 8 * length - 1) // 4
        assert worst_classic_bits(length, extended=extended) == expected


def test_the_longest_run_of_stuff_bits_is_reached_in_the_data() -> None:
    """0x3C after a run of five makes one stuff bit each four bits, the most there can be."""
    most = max(
        classic_bits(0x078, bytes([value] * 8)) for value in (0x3C, 0x78, 0xF0, 0xE1, 0xC3, 0x87)
    )
    assert worst_classic_bits(8) - most <= 4


@given(identifiers, st.sampled_from(FD_LENGTHS), st.booleans(), st.booleans(), st.randoms())
def test_a_can_fd_frame_takes_at_most_its_worst_case_at_any_two_rates(
    identifier: tuple[bool, int], length: int, brs: bool, esi: bool, chance: random.Random
) -> None:
    extended, number = identifier
    bits = fd_bits(number, payload(chance, length), extended=extended, brs=brs, esi=esi)
    worst = worst_fd_bits(length, extended=extended, brs=brs)
    assert bits.nominal <= worst.nominal
    assert bits.nominal + bits.data <= worst.nominal + worst.data


def test_only_the_lengths_of_can_fd_have_a_code() -> None:
    with pytest.raises(KeyError):
        fd_bits(1, bytes(9))
