"""The page: head, pictures and tables of every run, and a comparison where there are several."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path, PurePath

from evtui import __version__
from evtui.recording.read import RunFolder
from evtui.regular import open_regular
from evtui.report.compare import comparison
from evtui.report.facts import outcome, setup, tables, tiles
from evtui.report.html import Html, tag
from evtui.report.numbers import moment, span
from evtui.report.pictures import current, rates
from evtui.report.summary import ConnectorSummary, ReportProgress, Summary, summarise

__all__ = ["ReportError", "is_report", "report"]

_COLUMNS = 1_500
"""Columns of a picture; with more runs on a page each gets fewer."""

_FEWEST_COLUMNS = 200
_COLUMNS_ON_A_PAGE = 6_000

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


_GENERATOR = '<meta name="generator" content="evtui '


class ReportError(Exception):
    """The report cannot be made; its text is one line."""


def report(folders: Sequence[RunFolder], progress: ReportProgress | None = None) -> str:
    """One self-contained HTML page; the same folders give the same page.

    Args:
        folders: one or several, in the order in which they are shown.
        progress: told the lab time in s that has been reached, of each file anew.

    Raises:
        ReportError: matplotlib is not installed.
        FolderError: a folder cannot be read to its end.
    """
    try:
        import matplotlib  # noqa: F401
    except ModuleNotFoundError as error:
        if error.name != "matplotlib":
            raise
        raise ReportError("report needs matplotlib: pip install 'evtui[report]'") from None
    columns = min(_COLUMNS, max(_FEWEST_COLUMNS, _COLUMNS_ON_A_PAGE // len(folders)))
    names = _names([folder.path.resolve() for folder in folders])
    summaries = [
        summarise(folder, name, columns, progress)
        for folder, name in zip(folders, names, strict=True)
    ]
    if len(summaries) == 1:
        (summary,) = summaries
        title = _title(summary)
        body = [_header(summary, "h1"), *_run(summary, 1)]
    else:
        title = f"{len(summaries)} runs compared"
        body = [
            tag("header", tag("h1", title), tag("p", ", ".join(names), class_="lead")),
            *comparison(summaries),
        ]
        for number, summary in enumerate(summaries, 1):
            inner = [_header(summary, "h2", f"{summary.name}: "), *_run(summary, number)]
            body.append(tag("section", *inner, class_="run", id=f"run-{number}"))
    return _document(title, body)


def is_report(path: Path) -> bool:
    """Whether a file was made by :func:`report`.

    Raises:
        OSError: it cannot be read.
    """
    with open_regular(path, follow=True) as file:
        return _GENERATOR.encode() in file.read(2_000)


def _document(title: str, body: Sequence[Html]) -> str:
    style = resources.files("evtui.report").joinpath("report.css").read_text("utf-8")
    head = (
        '<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'{_GENERATOR}{__version__}">\n'
        f"{tag('title', title)}\n<style>\n{style}</style>"
    )
    main = tag("main", Html("\n"), *(Html(f"{part}\n") for part in body))
    footer = tag("footer", f"Made by evtui {__version__} from the files named here.")
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n{head}\n</head>\n'
        f"<body>\n{main}\n{footer}\n</body>\n</html>\n"
    )


def _header(summary: Summary, level: str, before: str = "") -> Html:
    scenario = summary.manifest.scenario if summary.manifest is not None else None
    about = scenario.description.strip() if scenario is not None else ""
    return tag(
        "header",
        tag(level, before + _title(summary)),
        tag("p", outcome(summary)),
        tag("p", f"Folder {summary.name}. {about}".strip(), class_="lead"),
    )


def _title(summary: Summary) -> str:
    scenario = summary.manifest.scenario if summary.manifest is not None else None
    return scenario.title if scenario is not None else summary.name


def _run(summary: Summary, number: int) -> Iterator[Html]:
    if summary.problems:
        problems = tag("ul", *(tag("li", problem) for problem in summary.problems))
        yield tag("div", tag("p", "Not everything is there"), problems, class_="note", role="note")
    yield tiles(summary)
    for place, connector in enumerate(summary.drawn, 1):
        yield from _currents(summary, connector, str(100 * number + place))
    if summary.messages.total or summary.frames.total:
        yield _figure(
            rates(summary, number),
            f"OCPP messages and CAN frames, counted in steps of {span(summary.frames.width)}; "
            "filled: sent by the attack.",
        )
    yield from tables(summary)
    yield from setup(summary)


def _currents(summary: Summary, connector: ConnectorSummary, number: str) -> Iterator[Html]:
    """The current of one connector, and close up what would be too small to see."""
    whole, close = connector.whole, connector.close
    if whole is not None:
        thinned = " Each column shows the lowest and the highest value in it." * whole.thinned
        yield _figure(
            current(summary, connector, whole, f"current-{number}"),
            f"{connector.name}: current that flowed, the limit that the charging profiles allowed, "
            "and what the charge point last reported over OCPP. Dark bands: an attack is on; light "
            f"bands: its effect still shows. Above: who noticed, and when.{thinned}",
        )
    if close is not None:
        yield _figure(
            current(summary, connector, close, f"close-{number}"),
            f"The same close up, from {moment(close.start)} to {moment(close.end)}: the beginning "
            "of the first attack.",
        )


def _figure(svg: str, caption: str) -> Html:
    return tag("figure", tag("div", Html(svg)), tag("figcaption", caption))


def _names(paths: Sequence[PurePath]) -> list[str]:
    """Short names that differ: the last part, and as many before it as that takes."""
    longest = max(len(path.parts) for path in paths)
    for length in range(1, longest + 1):
        names = ["/".join(path.parts[-length:]) for path in paths]
        if len(set(names)) == len(set(paths)):
            return names
    return [str(path) for path in paths]
