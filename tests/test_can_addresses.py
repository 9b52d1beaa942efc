"""How an interface is named on the command line and in a settings file."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.can_addresses import SIDES, CanAddress, parse_can_address
from evtui.cli.main import main
from evtui.config import Settings, SettingsError, load
from evtui.lab import CanSettingError, can_addresses


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("socketcan:can0", CanAddress("", "socketcan", "can0")),
        ("slcan:/dev/ttyACM0@500000", CanAddress("", "slcan", "/dev/ttyACM0", 500_000)),
        ("slcan:/dev/ttyACM0@500k", CanAddress("", "slcan", "/dev/ttyACM0", 500_000)),
        ("pcan:PCAN_USBBUS1@1M", CanAddress("", "pcan", "PCAN_USBBUS1", 1_000_000)),
        ("slcan:/dev/x@115200@125k", CanAddress("", "slcan", "/dev/x@115200", 125_000)),
        ("udp_multicast:ff15::1", CanAddress("", "udp_multicast", "ff15::1")),
        ("CP2=vector:0@250k", CanAddress("CP2", "vector", "0", 250_000)),
        (
            "socketcand:can0@500k,side=module,host=10.0.0.1,port=29536",
            CanAddress(
                "",
                "socketcand",
                "can0",
                500_000,
                "module",
                (("host", "10.0.0.1"), ("port", "29536")),
            ),
        ),
        ("kvaser:0,note=a=b", CanAddress("", "kvaser", "0", options=(("note", "a=b"),))),
        ("socketcan:me@home", CanAddress("", "socketcan", "me@home")),
    ],
)
def test_an_address_says_interface_channel_bit_rate_and_options(
    text: str, address: CanAddress
) -> None:
    assert parse_can_address(text) == address


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "the colon between interface and channel is missing"),
        ("can0", "the colon between interface and channel is missing"),
        (":can0", "'' is no name of an interface"),
        ("slcan:", "the channel behind the colon is missing"),
        ("slcan:@500k", "the channel behind the colon is missing"),
        ("=slcan:x", "the charge point before the = is missing"),
        ("slcan:x@2M", "2M is no bit rate of CAN: 1 to 1000000 bit/s"),
        ("slcan:x@0", "0 is no bit rate of CAN"),
        ("slcan:x,rtscts", "'rtscts' is no option such as port=29536"),
        ("slcan:x,=1", "'=1' is no option"),
        ("slcan:x,a=1,a=2", "a stands there twice"),
        ("slcan:x,listen_only=true", "listen_only is said by --can-listen-only"),
        ("slcan:x,bitrate=1", "bitrate is said behind @"),
        ("slcan:x,side=left", "side is one of controller, module, both, neither, not 'left'"),
        ("slcan:x\x1b[2J", "control characters"),
        ("sl can:x", "blanks"),
        ("slcan:" + "x" * 300, "306 characters are too many"),
    ],
)
def test_what_is_no_address_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        parse_can_address(text)


WORD = st.text(
    st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=",=:@"),
    min_size=1,
    max_size=12,
)
NAME = st.from_regex(r"[a-z_]{1,8}", fullmatch=True).map(lambda name: f"o_{name}")


@given(
    st.builds(
        CanAddress,
        st.one_of(st.just(""), WORD),
        st.sampled_from(["slcan", "socketcan", "udp_multicast"]),
        WORD,
        st.one_of(st.none(), st.integers(1, 1_000_000)),
        st.one_of(st.none(), st.sampled_from(SIDES)),
        st.dictionaries(NAME, WORD, max_size=3).map(lambda options: tuple(options.items())),
    )
)
def test_an_address_that_is_written_and_read_is_the_same(address: CanAddress) -> None:
    assert parse_can_address(str(address)) == address


def test_addresses_may_be_given_one_by_one_or_in_one_text() -> None:
    together = load({"can": "CP1=slcan:a CP2=slcan:b"}).settings.can
    assert together == ("CP1=slcan:a", "CP2=slcan:b")
    assert Settings(can=["slcan:a@500k"]).can == ("slcan:a@500000",)  # type: ignore[arg-type]


def test_an_option_that_is_used_twice_joins_two_buses(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["config", "--can", "CP1=slcan:a", "--can", "CP2=slcan:b"]) == 0
    assert '["CP1=slcan:a", "CP2=slcan:b"]' in capsys.readouterr().out


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (("slcan:a", "slcan:b"), "the charge point has an interface already"),
        (("CP1=slcan:a", "CP1=slcan:b"), "CP1 has an interface already"),
        ((), "a list of 0"),
        ((3,), "a list of 1"),
        (("slcan",), "the colon between interface and channel is missing"),
    ],
)
def test_settings_refuse_what_is_no_address_and_two_for_one_charge_point(
    value: object, why: str
) -> None:
    with pytest.raises(SettingsError) as raised:
        Settings(can=value)  # type: ignore[arg-type]
    assert why in str(raised.value)
    assert str(raised.value).startswith("can: expected CAN interfaces such as")


def test_each_charge_point_may_have_a_bus_of_its_own() -> None:
    settings = Settings(stations=2, can=("CP2=slcan:b", "CP1=slcan:a"))
    assert {name: each.channel for name, each in can_addresses(settings).items()} == {
        "CP1": "a",
        "CP2": "b",
    }
    assert list(can_addresses(Settings(can=("slcan:a",)))) == ["CP1"]


@pytest.mark.parametrize(
    ("can", "stations", "why"),
    [
        (("slcan:a",), 2, "slcan:a: there are 2 charge points; write CP1=slcan:a"),
        (("CP9=slcan:a",), 1, "CP9=slcan:a: no charge point CP9; did you mean CP1?"),
        (("CP1=slcan:a", "CP2=slcan:a"), 2, "slcan:a: two charge points cannot share"),
    ],
)
def test_an_address_that_does_not_go_with_the_charge_points_is_told(
    can: tuple[str, ...], stations: int, why: str
) -> None:
    with pytest.raises(CanSettingError) as raised:
        can_addresses(Settings(can=can, stations=stations))
    assert why in str(raised.value)
