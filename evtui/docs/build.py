"""Write the parts of the chapters, and of the README, that are made from the program.

Each text has a place for each between ``<!-- name: made from ... -->`` and ``<!-- /name -->``.
``python -m evtui.docs.build`` writes those that this module makes; tables and examples that come
from the tests are written, with these, by ``python -m tests.chapters``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from evtui.anomalies import AnomalyDescription, describe_all, in_yaml
from evtui.attacks import LAYERS
from evtui.chapters import TOPICS, title_of
from evtui.commands import COMMANDS, REPLAY, STATIONS, Command, lab_commands
from evtui.config import SETTINGS, Setting, toml_value
from evtui.docs import layers, protocols
from evtui.durations import EXPECTED
from evtui.events import Event
from evtui.recording.format import FIRST_VERSION, TABLES, Column
from evtui.scenario.expectations import EXPECTATIONS
from evtui.scenario.language import LabSpec, keys_below, rows
from evtui.scenario.steps import STEPS
from evtui.schemas import SCHEMAS, schema_of_events
from evtui.station import table_rows
from evtui.tui.key_hints import keys_of

__all__ = ["FOLDER", "MADE", "README", "Made", "made_anew", "places", "table", "write"]

FOLDER = Path(__file__).parent
README = FOLDER.parents[1] / "README.md"
"""Beside the package in the source; the README is not installed."""

Made = Mapping[str, Callable[[], str]]
"""What makes each part, by the name of its place."""

_PLACE = re.compile(
    r"(?P<begin><!-- (?P<name>[\w ]+): made from [^\n]*-->\n).*?(?P<end><!-- /(?P=name) -->)",
    re.DOTALL,
)


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown."""
    names = list(head)
    lines = (names, ["---"] * len(names), *rows)
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _keys(commands: tuple[Command, ...]) -> str:
    """What each key does, from the registry of commands."""
    rows = ((" ".join(f"`{key}`" for key in keys_of(each.name)), each.help) for each in commands)
    return table(("key", "does"), rows)


def _orders() -> str:
    """Every command of the lab with what it takes and gives, from the registry of commands."""
    rows = []
    for command in lab_commands():
        where = "at a connector" if command.aimed else ""
        rows.append((f"`{command.name}`", where, "", command.help))
        for each in command.takes.declared_arguments:
            expected = each.kind.expected.replace(f"{EXPECTED},", "a duration")
            rows.append((f"… `{each.name}`", expected, each.default_text, each.help))
        if command.result:
            kind = command.gives.__name__ if command.gives in (bool, str) else str(command.gives)
            rows.append(("… gives", f"`{kind.replace('typing.', '')}`", "", command.result))
    return table(("command, what it takes and gives", "value", "default", "about"), rows)


def _columns() -> str:
    """The columns of a run folder's tables, from their declaration."""
    tables = []
    for declared in TABLES:
        rows = (
            (
                ", ".join(f"`{field.name}`" for field in group),
                ", ".join(dict.fromkeys(field.cell.words for field in group)),
                group[0].column.unit,
                _meaning(group[0].column),
            )
            for group in declared.explained()
        )
        tables.append(table((declared.file, "type", "unit", ""), rows))
    return "\n".join(tables)


def _meaning(column: Column) -> str:
    since = "" if column.since == FIRST_VERSION else f"; since evtui {column.since}"
    return f"{column.meaning}{since}"


def _configuration() -> str:
    """The charge point's configuration keys."""
    rows = (
        (section, f"`{name}`", access, kind, f"`{default}`" if default else "", note)
        for section, name, access, kind, default, note in table_rows()
    )
    return table(("section", "key", "access", "type", "default (DC)", "note"), rows)


def _settings() -> str:
    """Every setting, as the settings themselves tell it."""
    rows = (
        (
            f"`{each.key}`",
            f"`{each.flag}`",
            each.kind.expected.replace(f"{EXPECTED},", "a duration"),
            _default(each),
            each.summary,
        )
        for each in SETTINGS
    )
    return table(("in a file", "option", "value", "default", "about"), rows)


def _lab() -> str:
    """What a scenario may say of its lab; of what is a setting too, what the settings tell."""
    settings = {f"`{each.name}`": each for each in SETTINGS}
    rows = []
    for name, value, default, said in keys_below(LabSpec):
        if (setting := settings.get(name.removeprefix("… "))) is not None:
            value = setting.kind.expected.replace(f"{EXPECTED},", "a duration")
            default, said = _default(setting), said or setting.summary.removesuffix(".")
        rows.append((name, value, default, f"{said[:1].upper()}{said[1:]}"))
    return table(("key", "value", "default", "about"), rows)


def _default(setting: Setting) -> str:
    default = setting.default
    return toml_value(default) if isinstance(default, bool) else setting.default_text


def _documents(*names: str) -> str:
    """The fields of everything that is in some outputs, from their JSON Schemas."""
    schemas = [SCHEMAS[name]()["$defs"] for name in names]
    return _parts_of({kind: each for one in schemas for kind, each in one.items()})


def _parts_of(
    definitions: Mapping[str, dict[str, Any]], leaving_out: frozenset[str] = frozenset()
) -> str:
    return "\n".join(
        f"### {kind}\n\n{each.get('description', '')}\n\n{_fields(each, leaving_out)}"
        for kind, each in definitions.items()
    )


def _fields(definition: dict[str, Any], leaving_out: frozenset[str] = frozenset()) -> str:
    needed = definition.get("required", ())
    rows = (
        (
            f"`{name}`",
            _type(each) + ("" if name in needed else ", or left out"),
            re.sub(r"(?<!\.)\.$", "", each.get("description", "")),
        )
        for name, each in definition["properties"].items()
        if name not in leaving_out
    )
    return table(("field", "type", "means"), rows)


def _type(schema: dict[str, Any]) -> str:
    """A type of a JSON Schema in words."""
    match schema:
        case {"enum": names}:
            return " or ".join(f"`{each}`" for each in names)
        case {"anyOf": kinds}:
            return " or ".join(map(_type, kinds))
        case {"$ref": place}:
            return str(place).rpartition("/")[2]
        case {"type": "array", "items": dict(items)}:
            return f"list of {_type(items)}"
        case {"type": "object", "additionalProperties": dict(values)}:
            return f"object of {_type(values)}"
        case {"type": kind}:
            return str(kind)
    return "anything"


def _anomalies() -> list[AnomalyDescription]:
    """Those that come with evtui, layer by layer."""
    return [each for each in describe_all().anomalies if each.package == "evtui"]


def _catalogue() -> str:
    """Every anomaly with what it is about, a table a layer."""
    head = ("anomaly", "what it does", "severity, at stake", "ATT&CK", "acts through")
    parts = []
    for layer in LAYERS:
        rows = (
            (
                f"`{each.name}`",
                _first_sentence(each.about),
                f"{each.severity}: {', '.join(each.stakes)}",
                ", ".join(each.techniques),
                ", ".join(each.needs),
            )
            for each in _anomalies()
            if each.layer == layer
        )
        parts.append(f"### Layer {layer}\n\n{table(head, rows)}")
    return "\n".join(parts)


def _first_sentence(text: str) -> str:
    return re.split(r"(?<=[a-z0-9%)])\. (?=[A-Z])", text)[0].removesuffix(".") + "."


def _signatures() -> str:
    """What one sees of every anomaly."""
    rows = (
        (f"`{each.name}`", *(getattr(each.signature, name) for name in ("ocpp", "can", "current")))
        for each in _anomalies()
    )
    return table(("anomaly", "OCPP", "CAN", "current"), rows)


def _parameters() -> str:
    """What can be set of every anomaly."""
    rows = []
    for each in _anomalies():
        rows.append((f"`{each.name}`", "", "", ""))
        rows += [
            (f"… `{p.name}`", p.range, "" if p.default is None else in_yaml(p.default), p.about)
            for p in each.parameters
        ]
    return table(("anomaly … parameter", "range", "default", "about"), rows)


def _layers_of_anomalies() -> str:
    """Their names in the README."""
    rows = (
        (layer, ", ".join(f"`{each.name}`" for each in _anomalies() if each.layer == layer))
        for layer in LAYERS
    )
    return table(("layer", "anomalies"), rows)


def _events() -> str:
    """Every event, field by field; those that all of them have stand once."""
    definitions = schema_of_events()["$defs"]
    names = ["event", *(field.name for field in msgspec.structs.fields(Event))]
    common = {name: definitions["Note"]["properties"][name] for name in names}
    common["event"] = {"type": "string", "description": "its type: one of the headings below."}
    shared = _fields({"properties": common, "required": names})
    return f"All events have:\n\n{shared}\n{_parts_of(definitions, frozenset(names))}"


def _topics() -> str:
    """The chapters, as the README leads to them."""
    rows = (
        (f"[{title_of(topic)}](evtui/docs/{topic}.md)", f"`evtui docs {topic}`", about)
        for topic, about in TOPICS.items()
    )
    return table(("chapter", "in a terminal", "about"), rows)


def _messages(protocol: str) -> str:
    """What is said on CAN in a protocol."""
    return table(("id", "message", "from", "signals", "every"), protocols.rows(protocol))


def _parts() -> str:
    """What each part of the program is for."""
    return table(("part", "is"), layers.parts())


MADE: Made = {
    "steps": lambda: table(("step", "does"), rows(STEPS)),
    "expectations": lambda: table(("expectation", "is met when"), rows(EXPECTATIONS)),
    "lab": _lab,
    "topics": _topics,
    "anomalies by layer": _layers_of_anomalies,
    "catalogue": _catalogue,
    "signatures": _signatures,
    "parameters": _parameters,
    "keys": partial(_keys, COMMANDS),
    "station keys": partial(_keys, STATIONS),
    "replay keys": partial(_keys, REPLAY),
    "orders": _orders,
    "columns": _columns,
    "settings": _settings,
    "configuration": _configuration,
    "events": _events,
    "documents": partial(_documents, "run", "check", "scenarios", "anomalies", "config"),
    "messages of infy": partial(_messages, "infy"),
    "messages of advantics": partial(_messages, "advantics"),
    "layers": layers.picture,
    "parts": _parts,
}
"""What is made from the program alone."""


def places(text: str) -> list[str]:
    """The names of the places in a chapter."""
    return [found["name"] for found in _PLACE.finditer(text)]


def made_anew(text: str, made: Made) -> str:
    """A chapter with those of its parts that ``made`` has as they are made now."""

    def part(found: re.Match[str]) -> str:
        if found["name"] not in made:
            return found[0]
        return f"{found['begin']}\n{made[found['name']]()}\n{found['end']}"

    return _PLACE.sub(part, text)


def write(made: Made = MADE) -> None:
    """Write README and chapters anew that have a place for something in ``made``."""
    for path in (README, *FOLDER.glob("*.md")):
        text = path.read_text(encoding="utf-8")
        path.write_text(made_anew(text, made), encoding="utf-8")


if __name__ == "__main__":
    write()
