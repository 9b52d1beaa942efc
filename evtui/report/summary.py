"""What a report says of a run folder, read in one pass with bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from evtui.escaping import for_terminal
from evtui.events import Detection, Event, Mark, Note, ScenarioState, Verdict
from evtui.recording.format import AlarmRow, Manifest, SignalRow, TruthRow
from evtui.recording.read import RunFolder
from evtui.report.closeup import window
from evtui.report.decimate import Bins, Envelope

__all__ = [
    "MOST_CONNECTORS",
    "ConnectorSummary",
    "Curves",
    "Detected",
    "Remark",
    "Summary",
    "summarise",
]

MOST_CONNECTORS = 6
"""Connectors of a run that are drawn; the others are in its tables only."""

_MOST_MOMENTS = 100
_EVERY = 5_000

ReportProgress = Callable[[float], None]


class Curves:
    """What a picture shows of a connector: three series in A, with at most two values a column.

    Args:
        start, end: s, of the picture; samples outside are left out.
        columns: of the picture.
    """

    def __init__(self, start: float, end: float, columns: int) -> None:
        self.start, self.end, self.columns = start, end, columns
        self.current, self.limit, self.reported = (Envelope(start, end, columns) for _ in range(3))
        self.samples = 0

    @property
    def thinned(self) -> bool:
        """Whether the picture cannot show every sample."""
        return self.samples > 2 * self.columns

    def add(self, row: SignalRow) -> None:
        """Take a sample."""
        if not self.start <= row.t_s <= self.end:
            return
        self.samples += 1
        self.current.add(row.t_s, row.current_a)
        self.limit.add(row.t_s, row.limit_a)
        if row.reported_a is not None:
            self.reported.add(row.t_s, row.reported_a)


@dataclass
class ConnectorSummary:
    """What one connector did.

    Attributes:
        peak: A, highest current.
        peak_at: s.
        energy: Wh delivered between its first sample and its last.
        mean: A over its samples.
        whole: the whole run; None past :data:`MOST_CONNECTORS`.
        close: the time around the first attack, where the whole run is too long to see it.
    """

    station: str
    connector: int
    peak: float = 0.0
    peak_at: float = 0.0
    samples: int = 0
    whole: Curves | None = None
    close: Curves | None = None
    _sum: float = 0.0
    _meter: tuple[float, float] = (0.0, 0.0)

    @property
    def energy(self) -> float:
        return self._meter[1] - self._meter[0]

    @property
    def mean(self) -> float:
        return self._sum / self.samples if self.samples else 0.0

    @property
    def name(self) -> str:
        return f"{for_terminal(self.station)} connector {self.connector}"

    def add(self, row: SignalRow) -> None:
        """Take a sample."""
        if not self.samples or row.current_a > self.peak:
            self.peak, self.peak_at = row.current_a, row.t_s
        self._meter = (self._meter[0] if self.samples else row.energy_wh, row.energy_wh)
        self._sum += row.current_a
        self.samples += 1
        for curves in (self.whole, self.close):
            if curves is not None:
                curves.add(row)


@dataclass(frozen=True)
class Detected:
    """How a detector did on one view.

    Attributes:
        times: attack id to the time to detect in s, of its first alarm in that attack.
        false: lab times in s of alarms that belong to no attack.
        raised: alarms in all.
    """

    detector: str
    view: str
    times: dict[str, float]
    false: tuple[float, ...]
    raised: int


@dataclass(frozen=True)
class Remark:
    """A mark, a warning or a failed step; ``number`` is that of a mark, from 1."""

    t: float
    kind: str
    text: str
    number: int | None = None


@dataclass
class Summary:
    """Everything about a run that its report shows.

    Attributes:
        name: of the folder.
        problems: what the folder lacks, one line each.
        start, end: s, first and last moment.
        messages: OCPP messages; ``injected`` those that an attack sent.
        frames: CAN frames; ``forged`` those that an attack sent.
        joined: detector, view and attack id to the time to detect in s, as the scorer said; of
            an alarm in several attacks the file of alarms names one.
        more_moments: how many are not listed.
    """

    name: str
    manifest: Manifest | None
    problems: Sequence[str]
    start: float
    end: float
    messages: Bins
    injected: Bins
    frames: Bins
    forged: Bins
    alarms: Sequence[AlarmRow]
    attacks: Sequence[TruthRow]
    connectors: dict[tuple[str, int], ConnectorSummary] = field(default_factory=dict)
    verdicts: list[Verdict] = field(default_factory=list)
    joined: dict[tuple[str, str, str], float] = field(default_factory=dict)
    moments: list[Remark] = field(default_factory=list)
    more_moments: int = 0

    @property
    def drawn(self) -> list[ConnectorSummary]:
        """Connectors with a picture."""
        return [each for each in self.connectors.values() if each.whole is not None]

    @property
    def marks(self) -> list[Remark]:
        return [moment for moment in self.moments if moment.number is not None]

    @property
    def peak(self) -> float | None:
        """A, highest current of any connector."""
        return max((each.peak for each in self.connectors.values()), default=None)

    @property
    def energy(self) -> float | None:
        """Wh, of all connectors."""
        return sum(each.energy for each in self.connectors.values()) if self.connectors else None

    @property
    def detections(self) -> list[Detected]:
        """Of each detector and view that was on or raised an alarm, in a fixed order."""
        raised = [alarm for alarm in self.alarms if alarm.state == "raised"]
        pairs = {(alarm.detector, alarm.view) for alarm in raised} | _watching(self.manifest)
        return [_detected(*pair, raised, self.joined) for pair in sorted(pairs)]

    @property
    def false_alarms(self) -> int:
        return sum(len(each.false) for each in self.detections)


def summarise(
    folder: RunFolder, name: str, columns: int, progress: ReportProgress | None = None
) -> Summary:
    """Read ``folder``.

    Args:
        columns: of a picture; each keeps its lowest and highest value.
        progress: told the lab time in s that has been reached, of each file anew.

    Raises:
        FolderError: the folder cannot be read to its end.
    """
    start, end = folder.t_first, folder.t_end

    def bins() -> Bins:
        return Bins(start, end)

    summary = Summary(
        name=for_terminal(name),
        manifest=folder.manifest,
        problems=[],
        start=start,
        end=end,
        messages=bins(),
        injected=bins(),
        frames=bins(),
        forged=bins(),
        alarms=folder.alarms(),
        attacks=folder.truth(),
    )
    told = _Told(progress)
    for row in folder.signals():
        told(row.t_s)
        key = (row.station, row.connector)
        connector = summary.connectors.get(key)
        if connector is None:
            connector = summary.connectors[key] = ConnectorSummary(*key)
            if len(summary.connectors) <= MOST_CONNECTORS:
                connector.whole = Curves(start, end, columns)
                close = window(summary.attacks, summary.alarms, key, start, end)
                connector.close = None if close is None else Curves(*close, columns)
        connector.add(row)
    for message in folder.messages():
        told(message.t)
        summary.messages.add(message.t)
        if message.injected:
            summary.injected.add(message.t)
    for frame in folder.frames():
        told(frame.t_s)
        summary.frames.add(frame.t_s)
        if frame.attack:
            summary.forged.add(frame.t_s)
    _read_events(folder.other_events(), summary, told)
    summary.problems = folder.problems  # lines that could not be read are known only now
    return summary


class _Told:
    """Progress, every few thousand rows."""

    def __init__(self, progress: ReportProgress | None) -> None:
        self._progress = progress
        self._rows = 0

    def __call__(self, t: float) -> None:
        self._rows += 1
        if self._progress is not None and self._rows % _EVERY == 0:
            self._progress(t)


def _read_events(events: Iterator[Event], summary: Summary, told: _Told) -> None:
    marks = 0
    for event in events:
        told(event.t)
        if isinstance(event, Verdict):
            summary.verdicts.append(event)
            continue
        if isinstance(event, Detection) and event.attack_id:
            if event.time_to_detect is not None:
                key = (event.detector, event.view, event.attack_id)
                summary.joined.setdefault(key, event.time_to_detect)
            continue
        if isinstance(event, Mark):
            marks += 1
            moment = Remark(event.t, f"mark {marks}", event.text, marks)
        elif isinstance(event, Note) and event.level != "info":
            moment = Remark(event.t, event.level, event.text)
        elif isinstance(event, ScenarioState) and event.change == "failed":
            place = f"{event.path}: " if event.path else ""
            moment = Remark(event.t, "step failed", f"{place}{event.label} {event.detail}".strip())
        else:
            continue
        if len(summary.moments) < _MOST_MOMENTS:
            summary.moments.append(moment)
        else:
            summary.more_moments += 1


def _watching(manifest: Manifest | None) -> set[tuple[str, str]]:
    """Detector and view of each that the manifest says was on."""
    detectors = manifest.detectors if manifest is not None else []
    return {
        (str(each["name"]), str(view))
        for each in detectors
        if "name" in each
        for view in each.get("views") or ()
    }


def _detected(
    detector: str,
    view: str,
    raised: Sequence[AlarmRow],
    joined: Mapping[tuple[str, str, str], float],
) -> Detected:
    mine = [alarm for alarm in raised if (alarm.detector, alarm.view) == (detector, view)]
    times = {key[2]: time for key, time in joined.items() if key[:2] == (detector, view)}
    for alarm in reversed(mine):
        if alarm.attack_id and alarm.time_to_detect_s is not None:
            times[alarm.attack_id] = alarm.time_to_detect_s
    false = tuple(alarm.t_s for alarm in mine if not alarm.attack_id)
    return Detected(detector, view, times, false, len(mine))
