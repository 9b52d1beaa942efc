"""Settings as a TOML file."""

from __future__ import annotations

from evtui.config.settings import SETTINGS, Settings
from evtui.passwords import VARIABLE
from evtui.redaction import SecretUrl

__all__ = ["to_toml", "toml_value"]

_NOT_WRITTEN = (
    f"Secrets are not written: give --csms, or the URL here with {VARIABLE} in the environment "
    "or password_file."
)


def toml_value(value: object) -> str:
    """``value`` of a setting as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):  # printable by its kind, so two escapes are enough
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, tuple):
        return "[" + ", ".join(toml_value(part) for part in value) + "]"
    return repr(value)


def to_toml(settings: Settings) -> str:
    """A settings file that gives exactly ``settings``.

    What is not set is commented out, and so is a URL with a secret in it.
    """
    lines: list[str] = []
    table = ""
    for setting in SETTINGS:
        if setting.table != table:
            table = setting.table
            lines += ["", f"[{table}]"]
        value = getattr(settings, setting.name)
        summary = setting.summary
        if value is None:
            assignment = f"# {setting.name} ="
        else:
            assignment = f"{setting.name} = {toml_value(value)}"
            if isinstance(value, SecretUrl) and not value.may_be_written:
                assignment, summary = f"# {assignment}", f"{_NOT_WRITTEN}  {summary}"
        lines.append(f"{assignment}  # {summary}")
    return "\n".join(lines) + "\n"
