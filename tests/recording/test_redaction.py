from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from evtui.events import CentralSystemState, Note, Order
from evtui.recording.write.recorder import Recorder
from evtui.recording.write.redaction import LONGEST, Redactor
from tests.recording.sample_run import (
    START_UTC,
    STATION,
    Scene,
    play,
    record_sample,
    sample_manifest,
)

KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize("key", ["AuthorizationKey", "AuthorizationData", "BasicAuthPassword"])
def test_values_of_secret_configuration_keys_are_hidden_in_both_messages(key: str) -> None:
    redactor = Redactor()
    setting = {"key": key, "readonly": False, "value": "0123456789abcdef"}
    other = {"key": "HeartbeatInterval", "readonly": False, "value": "300"}
    change = json.loads(redactor.json(setting))
    answer = json.loads(redactor.json({"configurationKey": [other, setting]}))
    assert change == setting | {"value": "***"}
    assert answer == {"configurationKey": [other, setting | {"value": "***"}]}


@pytest.mark.parametrize(
    "name", ["password", "dbPassword", "client_secret", "privateKey", "private_key", "passphrase"]
)
def test_fields_whose_names_say_so_are_hidden_at_any_depth(name: str) -> None:
    value = {"data": [{name: "abc", "length": 3}, {name: {"a": 1}}, {name: None}]}
    shown = json.loads(Redactor().json(value))
    assert shown == {"data": [{name: "***", "length": 3}, {name: "***"}, {name: None}]}


def test_a_secret_that_was_seen_is_hidden_in_later_texts() -> None:
    redactor = Redactor()
    redactor.json({"key": "AuthorizationKey", "value": "0123456789abcdef"})
    assert redactor.text("sent 0123456789abcdef to CP1") == "sent *** to CP1"


def test_a_secret_that_was_seen_is_hidden_in_other_messages_too() -> None:
    redactor = Redactor(secrets=["of the csms", 'quo"ted'])
    redactor.json({"key": "AuthorizationKey", "value": "0123456789abcdef"})
    for secret in ("0123456789abcdef", "of the csms", 'quo"ted'):
        for name in ("data", "value"):
            assert json.loads(redactor.json({name: f"it is {secret}."})) == {name: "it is ***."}


def test_a_measurement_is_shown_even_if_it_is_what_a_password_is() -> None:
    redactor = Redactor()
    redactor.json({"key": "AuthorizationKey", "value": "1000"})
    measured = {"sampledValue": [{"value": "1000", "unit": "Wh"}]}
    assert json.loads(redactor.json(measured)) == measured


def test_meter_values_are_not_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    def walk(*_: object) -> None:
        raise AssertionError("walked")

    monkeypatch.setattr(Redactor, "value", walk)
    messages: list[Any] = []
    scene = Scene(lambda event: messages.append(getattr(event, "payload", None)))
    scene.meter_values()
    assert json.loads(Redactor().json(messages[0])) == messages[0]


def test_id_tags_become_pseudonyms_in_the_order_they_appear() -> None:
    redactor = Redactor(id_tags=True)
    listed = {"localAuthorizationList": [{"idTag": "B", "idTagInfo": {"parentIdTag": "A1B2"}}]}
    assert json.loads(redactor.json(listed)) == {
        "localAuthorizationList": [{"idTag": "tag-1", "idTagInfo": {"parentIdTag": "tag-2"}}]
    }
    assert json.loads(redactor.json({"id_tag": "a1b2"})) == {"id_tag": "tag-2"}
    assert redactor.text("A1B2 was refused (A1B2), not A1B23") == (
        "tag-2 was refused (tag-2), not A1B23"
    )
    assert redactor.text('{"idTag":"NEW"') == '{"idTag":"tag-3"'


def test_a_measurement_that_looks_like_an_id_tag_keeps_its_value() -> None:
    redactor = Redactor(id_tags=True)
    redactor.json({"idTag": "100"})
    measured = {"sampledValue": [{"value": "100", "unit": "A"}]}
    assert json.loads(redactor.json(measured)) == measured


def test_id_tags_stay_when_nobody_asked() -> None:
    assert json.loads(Redactor().json({"idTag": "TAG1"})) == {"idTag": "TAG1"}


SECRETIVE = f"""\
schema: evtui.scenario/1
id: x
title: with RFID77
inputs:
  pass: {{type: string, default: hunter22}}
  who: {{type: string, default: BADGE5}}
steps:
  - start: ${{who}}
  - start: RFID77
  - ocpp: ChangeConfiguration
    with:
      key: AuthorizationKey
      value: ${{pass}}
  - ocpp: UpdateFirmware
    with: {{location: "ftp://joe:letmein@host/f", retrieveDate: 2026-01-01}}
  - note: |
      {KEY.replace(chr(10), chr(10) + "      ")}
"""


def test_a_scenario_loses_its_secrets_and_stays_yaml() -> None:
    redactor = Redactor(id_tags=True)
    redactor.learn(SECRETIVE, {"pass": "hunter22", "who": "BADGE5"})
    shown = redactor.scenario(SECRETIVE)
    for secret in ("hunter22", "BADGE5", "RFID77", "letmein", "MIIEow"):
        assert secret not in shown
    steps = yaml.safe_load(shown)["steps"]
    assert steps[0] == {"start": "${who}"}
    assert steps[2]["with"] == {"key": "AuthorizationKey", "value": "${pass}"}
    assert steps[3]["with"]["location"] == "ftp://***@host/f"


def test_no_file_of_a_folder_holds_a_secret_or_an_id_tag(tmp_path: Path) -> None:
    manifest = sample_manifest(
        settings={"id_tag": "RFID77", "csms": "ws://joe:letmein@host/", "password": "hunter22"},
        inputs={"pass": "hunter22", "who": "BADGE5"},
    )
    recorder = Recorder(
        tmp_path / "run",
        manifest,
        start_utc=START_UTC,
        twins=frozenset({STATION}),
        scenario_text=SECRETIVE,
        redactor=Redactor(id_tags=True),
    )
    scene = Scene(recorder.on_event)
    for _ in play(scene, 10.0):
        pass
    scene.exchange("ChangeConfiguration", {"key": "AuthorizationKey", "value": "hunter22"}, {})
    scene.exchange("DataTransfer", {"vendorId": "x", "data": f"{KEY} for BADGE5"}, {})
    scene.message("", "", None, kind="invalid", text='[2,"1","Authorize",{"idTag":"RFID99"')
    publish = scene.stream.publish
    publish(CentralSystemState(url="ws://joe:letmein@host/", listening=False, ours=False))
    publish(
        Order(
            station="CP1",
            command="start",
            arguments={"id_tag": "BADGE5", "password": "hunter22"},
            outcome="BADGE5 accepted",
        )
    )
    publish(Note(level="info", text="badge5 came, and hunter22; TAG1 too"))
    scene.alarm("can")
    recorder.close(t_end=10.0)
    secrets = ("hunter22", "letmein", "MIIEow", "RFID77", "RFID99", "BADGE5", "TAG1", "FAMILY3")
    for path in (tmp_path / "run").iterdir():
        text = path.read_text().lower()
        assert [secret for secret in secrets if secret.lower() in text] == [], path.name


def test_the_manifest_says_what_is_hidden(tmp_path: Path) -> None:
    record_sample(tmp_path / "plain", seconds=1.0)
    manifest = record_sample(tmp_path / "tags", seconds=1.0, redactor=Redactor(id_tags=True))
    assert "id tags" in manifest.redacted
    assert "passwords and queries in URLs" in (tmp_path / "plain" / "README.md").read_text()


json_data = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["key", "value", "password", "idTag", "a"]) | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@given(json_data)
def test_whatever_is_hidden_the_shape_of_the_data_stays(value: Any) -> None:
    def shape(data: Any, shown: Any) -> None:
        if shown == "***":
            return
        assert type(data) is type(shown)
        if isinstance(data, dict):
            assert list(data) == list(shown)
            for name in data:
                shape(data[name], shown[name])
        elif isinstance(data, list):
            assert len(data) == len(shown)
            for each, other in zip(data, shown, strict=True):
                shape(each, other)

    shape(value, json.loads(Redactor(id_tags=True).json(value)))


@pytest.mark.parametrize("piece", ["token=x ", "api_key", "://a@b/?c=d ", '"value":"x","key":"'])
def test_a_text_too_long_to_be_looked_through_ends_where_the_look_does(piece: str) -> None:
    text = piece * (1_000_000 // len(piece)) + "password=hidden0"
    shown = json.loads(Redactor().json({"data": text}))["data"]
    assert "hidden0" not in shown
    more = len(text) - LONGEST
    assert shown.endswith(f"… ({more:,} more characters, which may hold secrets, left out)")
    assert len(shown) < 2 * LONGEST


def test_a_long_text_without_any_mark_of_a_secret_is_recorded_as_it_is() -> None:
    value = {"data": "x" * 1_000_000}
    assert json.loads(Redactor().json(value)) == value
