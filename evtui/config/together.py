"""What is wrong with values of settings that are good each by itself.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from evtui.config.choices import PRESETS
from evtui.kinds import is_loopback, split_host_port
from evtui.passwords import has_password, needs_password
from evtui.redaction import SecretUrl

__all__ = ["low_above_high", "wrong_together"]


def wrong_together(values: Mapping[str, Any]) -> Iterator[str]:
    """One line for each pair that does not fit; by field name, of what was checked already."""
    looks = (
        *(low_above_high, _too_many_modules, _ac_of_dc_modules, _without_password),
        *(_in_between, _open_to_others),
    )
    return chain.from_iterable(look(values) for look in looks)


def low_above_high(
    values: Mapping[str, Any], origins: Mapping[str, str] | None = None
) -> Iterator[str]:
    """What is wrong with the two limits of the anomaly together; nothing where one is missing.

    Args:
        values: by field name.
        origins: where each came from.
    """
    if "low_a" not in values or "high_a" not in values:
        return
    low, high = values["low_a"], values["high_a"]
    if low > high:
        since = {name: f" ({origin})" for name, origin in (origins or {}).items()}
        yield (
            f"high_a: expected at least low_a = {low:g} A{since.get('low_a', '')}, "
            f"got {high:g} A{since.get('high_a', '')}"
        )


def _too_many_modules(values: Mapping[str, Any]) -> Iterator[str]:
    """Modules that the protocol has no identifiers for."""
    protocol, modules = values.get("protocol"), values.get("modules", 1)
    if protocol == "seed" and modules > 1:
        yield (
            f"modules: expected 1 with protocol seed, which has one a connector, got {modules}; "
            "protocol infy and advantics have up to 8"
        )
    if protocol == "infy" and modules > 4 and values.get("connectors") == 8:
        yield (
            f"modules: expected 1 to 4 with protocol infy and 8 connectors, got {modules}; "
            "it has addresses for 60"
        )


def _ac_of_dc_modules(values: Mapping[str, Any]) -> Iterator[str]:
    """An AC supply with modules that are rectifiers."""
    protocol = values.get("protocol", "seed")
    if protocol != "seed" and values.get("preset") == "ac":
        dc = ", ".join(each for each in PRESETS if each != "ac")
        yield (
            f"preset: expected {dc} with protocol {protocol}, whose modules give DC, got ac; "
            "protocol seed has it"
        )


def _in_between(values: Mapping[str, Any]) -> Iterator[str]:
    """A proxy that is a lab at the same time, or has nothing behind it."""
    upstream = values.get("upstream")
    if upstream is None:
        if "listen" in values:
            yield "listen: expected with upstream only, the central system that is passed on to"
        return
    if "csms" in values:
        yield "upstream: expected without csms, which is for charge points of ours"
    if "{id}" in upstream:
        yield "upstream: expected no {id}: path and query of each charge point are passed on"


def _open_to_others(values: Mapping[str, Any]) -> Iterator[str]:
    """An address at which whoever is on the network can connect."""
    if "listen" not in values or values.get("insecure"):
        return
    host = split_host_port(values["listen"])[0]
    if not is_loopback(host):
        yield (
            f"listen: expected an address on loopback, got {host}, where others can connect "
            "without TLS and a password of ours: --insecure says that this is meant"
        )


def _without_password(values: Mapping[str, Any]) -> Iterator[str]:
    """A password that the central system would never get."""
    if "csms" not in values:
        return
    url, password_file = values["csms"], values.get("password_file")
    if needs_password(url):
        yield f'csms: "{SecretUrl(url)}": a user needs a password: user:password@host'
    elif password_file is not None and not has_password(url):
        yield (
            "password_file: read for the command line only; put the password into csms, as in "
            "user:password@host"
        )
