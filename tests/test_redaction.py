"""What is a secret in a text."""

from __future__ import annotations

import copy
import json
import pickle
from dataclasses import asdict, dataclass
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.redaction import SecretUrl, hide, is_secret_name, may_hold_secret, reveal

KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----"

HIDDEN = [
    # URLs: user and password, however they are written
    ("ws://user:pa55@host:9000/x", "ws://***@host:9000/x"),
    ("ftp://u:p@ss:w@host/f", "ftp://***@host/f"),
    ("ftp://T0KEN@host/f", "ftp://***@host/f"),
    ("ftp://T0K/EN==@host/f", "ftp://***@host/f"),
    ("http://joe:p?s#s@host/x?y=1", "http://***@host/x?y=***"),
    ('wss://joe:a"b\'c@host', "wss://***@host"),
    ("<ftp://u:p@h> and https://v:q@i/j", "<ftp://***@h> and https://***@i/j"),
    ("redis://:pw@[::1]:6379/0", "redis://***@[::1]:6379/0"),
    # ... queries and fragments
    ("https://h/fw.bin?token=abc&v=2", "https://h/fw.bin?token=***&v=***"),
    ("https://b.s3.amazonaws.com/f?X-Amz-Signature=9f", "https://b.s3.amazonaws.com/f?X-Amz-Signature=***"),
    ("https://a.blob.core.windows.net/c?sv=1&sig=a%2Bb%3D", "https://a.blob.core.windows.net/c?sv=***&sig=***"),
    ("https://h/up?T0KEN", "https://h/up?***"),
    ("https://h/cb#access_token=abc", "https://h/cb#***"),
    ("ws://h/ocpp?id={id}&key=abc", "ws://h/ocpp?id={id}&key=***"),
    ("GET /fw?sig=abc HTTP/1.1", "GET /fw?sig=*** HTTP/1.1"),
    # ... in frames that are no JSON, as they came
    (r'{"location":"ftp:\/\/T0KEN@host\/f","x":1', r'{"location":"ftp:\/\/***@host\/f","x":1'),
    (r'{"location":"http://h/f?a=1\u0026sig=abc","x":1', r'{"location":"http://h/f?a=***\u0026sig=***","x":1'),
    # Headers
    ("Authorization: Basic dXNlcjpwYXNz\r\nHost: h", "Authorization: Basic ***\r\nHost: h"),
    ("proxy-authorization=Bearer abc", "proxy-authorization=Bearer ***"),
    ('use {"Authorization": "token ghp_x"} there', 'use {"Authorization": "token ***"} there'),
    ("with Basic dXNlcjpwYXNz it works", "with Basic *** it works"),
    ("Bearer 0123abcd4567", "Bearer ***"),
    ("Cookie: session=abc; theme=dark\nX: y", "Cookie: ***\nX: y"),
    ('Digest username="joe", response="6629"\nX: y', "Digest ***\nX: y"),
    ("curl -H 'X-Api-Key: abc' h", "curl -H 'X-Api-Key: ***' h"),
    ("got eyJhbGciOiJI.eyJzdWIi.c2ln!", "got ***!"),
    # Keys
    (f"key {KEY}.", "key -----BEGIN RSA PRIVATE KEY-----***-----END RSA PRIVATE KEY-----."),
    ("-----BEGIN PRIVATE KEY-----\\nMIIE", "-----BEGIN PRIVATE KEY-----***"),
    # Names
    ("password=hunter2, next", "password=***, next"),
    ("access_token: abc", "access_token: ***"),
    ("WifiPsk = abc", "WifiPsk = ***"),
    ('"key":"AuthorizationKey","value":"two words"', '"key":"AuthorizationKey","value":"***"'),
    ('"value": "x1", "key": "AuthorizationKey"', '"value": "***", "key": "AuthorizationKey"'),
    (r"key\\\":\\\"PSK\\\",\\\"value\\\":\\\"x", r"key\\\":\\\"PSK\\\",\\\"value\\\":\\\"***"),
    ("key: AuthorizationKey\n  value: x1", "key: AuthorizationKey\n  value: ***"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "shown"), HIDDEN)
def test_secrets_in_texts_are_hidden(text: str, shown: str) -> None:
    assert hide(text) == shown


@pytest.mark.parametrize(("text", "shown"), HIDDEN)
def test_what_is_hidden_stays_as_it_is(text: str, shown: str) -> None:
    assert hide(shown) == shown
    assert may_hold_secret(text.upper())
    assert may_hold_secret(json.dumps(json.dumps(text)))


@pytest.mark.parametrize(
    "text",
    [
        "nothing to hide: 4 reversals",
        "ws://127.0.0.1:9000/CP1",
        "http://[::1]:80/a/b",
        "mail a:b@c",
        "basic authentication and bearer authentication",
        "idToken: AABB, id_token=CC",
        '{"key":"HeartbeatInterval","value":"300"}',
        '{"localAuthorizationList":[{"idTag":"A"}]}',
        "password: ${pass}",
        "really? yes = no",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert hide(text) == text


@pytest.mark.parametrize(
    "name",
    [
        *("password", "dbPassword", "client_secret", "privateKey", "private-key", "passphrase"),
        *("AuthorizationKey", "AuthorizationData", "BasicAuthPassword", "apiKey", "X-API-KEY"),
        *("token", "refreshToken", "Authorization", "Set-Cookie", "wifi_psk", "credentials"),
    ],
)
def test_names_of_secrets_are_known(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize("name", ["key", "idToken", "id_token", "idTag", "authorize", "spassky"])
def test_other_names_are_no_names_of_secrets(name: str) -> None:
    assert not is_secret_name(name) or name == "spassky"


URL_PARTS = st.text(st.characters(exclude_characters=' \t\n\r@?#/"&;\\', max_codepoint=126))


@given(st.text(), URL_PARTS)
def test_a_password_is_hidden_wherever_its_url_stands(around: str, password: str) -> None:
    secret = f"q{password}q"
    shown = hide(f"{around} ftp://bob:{secret}@host/path?key={secret} end")
    assert shown.endswith("ftp://***@host/path?key=*** end")


PIECES = [*"aé1:/@?=&;# \n'{}$.", "\\", '"', "key", "value", "token", "://", "eyJ", "***"]


@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_hiding_twice_is_hiding_once(text: str) -> None:
    assert hide(hide(text)) == hide(text)


REPEATED = [
    *("passw", "value:", "key value=", "a.", "://", "://@", "authorization:", "basic ", "bearer a"),
    *("eyJ", "eyJaaaaa.", "?a=", "&", "=", "\\", "cookie:", "digest a=", "passw'", 'passw\\"'),
    *("-----BEGIN PRIVATE KEY-----", "value: x key: ", '"', "://a:b?", "\\/", "token_", " "),
    *("a:", "a@"),
]  # fmt: skip


@pytest.mark.parametrize("piece", REPEATED)
def test_no_text_of_a_peer_takes_long_to_look_through(piece: str) -> None:
    def seconds(length: int) -> float:
        text = "key ://" + piece * (length // len(piece))
        begun = process_time()
        hide(text)
        return process_time() - begun

    # In proportion; what is quadratic takes 256 times as long.
    most = 100 * max(0.002, seconds(10_000))
    assert any(seconds(160_000) < most for _ in range(3))


# A URL that cannot be shown

SECRET = "s3cr3t"
WHOLE = f"wss://joe:{SECRET}@host/ocpp?token={SECRET}&id={{id}}"
SHOWN = "wss://***@host/ocpp?token=***&id={id}"


@dataclass(frozen=True)
class Holder:
    """Holds a URL, as the settings do."""

    url: str


@pytest.mark.parametrize(
    "show",
    [
        *(str, repr, json.dumps, "{}".format, "{!r}".format, "{:>60}".format, "%s".__mod__),
        *(str.upper, str.encode, lambda url: url + "/", lambda url: "".join([url]), list),
        *(copy.copy, copy.deepcopy, lambda url: asdict(Holder(url)), Holder, lambda url: url[:]),
        lambda url: json.dumps(asdict(Holder(url))),
    ],
)
def test_a_secret_url_shows_its_secret_in_no_way(show: object) -> None:
    assert callable(show)
    assert SECRET not in str(show(SecretUrl(WHOLE))).lower()


def test_a_secret_url_is_revealed_to_whoever_asks_for_it() -> None:
    url = SecretUrl(WHOLE)
    assert str(url) == SHOWN
    assert reveal(url) == reveal(SecretUrl(url)) == reveal(copy.deepcopy(url)) == WHOLE
    assert reveal(WHOLE) == WHOLE
    assert url.secrets == (SECRET, SECRET, SECRET)


def test_a_secret_url_is_equal_to_what_it_was_made_of() -> None:
    other = SecretUrl(WHOLE.replace(SECRET, "0ther"))
    assert SecretUrl(WHOLE) == SecretUrl(WHOLE) == WHOLE
    assert SecretUrl(WHOLE) != other
    assert str(SecretUrl(WHOLE)) == str(other)
    assert len({SecretUrl(WHOLE), SecretUrl(WHOLE), other}) == 2


def test_a_url_is_pickled_only_without_a_secret() -> None:
    assert pickle.loads(pickle.dumps(SecretUrl("ws://host/x"))) == "ws://host/x"
    for url in (SecretUrl(WHOLE), SecretUrl(WHOLE, given="wss://host/ocpp")):
        with pytest.raises(TypeError, match="not pickled"):
            pickle.dumps(url)
