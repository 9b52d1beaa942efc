"""Origins of web pages are compared as RFC 6454 says."""

from __future__ import annotations

import pytest

from evtui.origins import Origins, normal_origin


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("http://localhost:3000", "http://localhost:3000"),
        ("HTTP://LocalHost:3000", "http://localhost:3000"),
        ("http://example.org:80", "http://example.org"),
        ("https://example.org:443", "https://example.org"),
        ("https://example.org:80", "https://example.org:80"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("null", "null"),
        ("chrome-extension://abcdef", "chrome-extension://abcdef"),
    ],
)
def test_the_same_origin_is_written_the_same(text: str, normal: str) -> None:
    assert normal_origin(text) == normal


@pytest.mark.parametrize(
    "text",
    ["", "*", "localhost:3000", "http://", "http://a/", "http://a/b", "http://u@a", "http://a:0",
     "http://a:65536", "http://a:x", "http://a http://b", " http://a", "NULL", "http://a\n"],
)  # fmt: skip
def test_what_is_no_origin_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no origin"):
        normal_origin(text)
    assert not Origins(["http://a"]).allows(text)


def test_only_what_was_named_is_allowed() -> None:
    origins = Origins(["http://Localhost:3000", "null"])
    assert origins.allows("http://localhost:3000")
    assert origins.allows("null")
    for other in ("https://localhost:3000", "http://localhost", "http://localhost:3000.evil.org"):
        assert not origins.allows(other)
    assert not Origins().allows("null")


def test_one_text_is_not_taken_for_its_letters() -> None:
    with pytest.raises(ValueError, match="expected several"):
        Origins("null")
