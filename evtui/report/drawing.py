"""What all pictures have in common: size, style, time axis, lines and legends.

matplotlib is imported when a picture is drawn.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import StringIO
from typing import TYPE_CHECKING, Any

from evtui.report.svg import PALETTE, inline

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

__all__ = ["Points", "Scale", "drawing", "finish", "legend", "line", "steps"]

_WIDTH = 10.0  # in; 720 pt across, shown at about 960 px
_RIGHT = 0.15  # in

_STYLE: dict[str, Any] = {
    "axes.edgecolor": PALETTE["muted"],
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.labelcolor": PALETTE["ink"],
    "axes.labelsize": 9,
    "axes.linewidth": 0.6,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.facecolor": "none",
    "font.size": 9,
    "grid.color": PALETTE["grid"],
    "grid.linewidth": 0.5,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "legend.labelcolor": PALETTE["ink"],
    "lines.linewidth": 1.2,
    "lines.solid_joinstyle": "round",
    "svg.fonttype": "none",
    "text.color": PALETTE["ink"],
    "text.parse_math": False,
    "xtick.color": PALETTE["muted"],
    "xtick.labelcolor": PALETTE["ink"],
    "xtick.labelsize": 9,
    "ytick.color": PALETTE["muted"],
    "ytick.labelcolor": PALETTE["ink"],
    "ytick.labelsize": 9,
}

_UNITS: tuple[tuple[float, float, str, tuple[int, ...]], ...] = (
    (7200.0, 3600.0, "h", (1, 2, 3, 6, 10)),
    (600.0, 60.0, "min", (1, 2, 3, 5, 10)),
    (0.0, 1.0, "s", (1, 2, 5, 10)),
)
"""From how many s on, s of the unit, its name, and the steps of its ticks."""

Points = Sequence[tuple[float, float]]
"""Time in s and value."""


class Scale:
    """Time on the axis, in a unit that fits its length: from s to value."""

    def __init__(self, start: float, end: float) -> None:
        self.start, self.end = start, max(end, start + 1e-3)
        length = self.end - self.start
        _, self._unit, self._name, self._steps = next(u for u in _UNITS if length >= u[0])

    def __call__(self, t: float) -> float:
        return t / self._unit

    def limit(self, axes: Axes) -> None:
        from matplotlib.ticker import MaxNLocator

        axes.set_xlim(self(self.start), self(self.end))
        axes.xaxis.set_major_locator(MaxNLocator(nbins=8, steps=self._steps))

    def label(self, axes: Axes) -> None:
        axes.set_xlabel(f"time since the start of the run ({self._name})")


@contextmanager
def drawing(
    height: float, left: float, salt: str
) -> Iterator[tuple[Figure, Callable[[float, float], Axes]]]:
    """A figure, and a function that puts axes into it: from the top, and how tall, in inches.

    Args:
        height: in.
        left: in, margin; the same in all pictures of a run, so that their times line up.
        salt: makes the ids inside of it.
    """
    import matplotlib
    from matplotlib.figure import Figure

    def axis(top: float, tall: float) -> Axes:
        box = (
            left / _WIDTH,
            1 - (top + tall) / height,
            1 - (left + _RIGHT) / _WIDTH,
            tall / height,
        )
        axes: Axes = figure.add_axes(box)
        return axes

    # A person's own matplotlibrc must not change a report, nor a report what comes after it.
    with matplotlib.rc_context(), warnings.catch_warnings():
        matplotlib.rcdefaults()
        style: Any = _STYLE | {"svg.hashsalt": salt}
        matplotlib.rcParams.update(style)
        warnings.simplefilter("ignore", UserWarning)  # a glyph its font lacks; the page's has it
        figure = Figure(figsize=(_WIDTH, height))
        yield figure, axis


def finish(figure: Figure, prefix: str, label: str) -> str:
    """The drawing as an element of a page; see :func:`evtui.report.svg.inline`."""
    text = StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    return inline(text.getvalue(), prefix, label)


def line(axes: Axes, points: Points, scale: Scale, colour: str, name: str) -> Line2D:
    """A curve through ``points``."""
    times = [scale(t) for t, _ in points]
    (drawn,) = axes.plot(times, [value for _, value in points], color=colour, label=name)
    scale.limit(axes)
    return drawn


def steps(
    axes: Axes,
    points: Points,
    scale: Scale,
    colour: str,
    name: str,
    *,
    width: float,
    dashes: tuple[float, float] | None = None,
) -> None:
    """A value that holds until the next; only its changes are drawn."""
    kept = [
        point
        for place, point in enumerate(points)
        if place in (0, len(points) - 1) or point[1] != points[place - 1][1]
    ]
    drawn = line(axes, kept, scale, colour, name)
    drawn.set(drawstyle="steps-post", linewidth=width)
    if dashes is not None:
        drawn.set_dashes(dashes)


def legend(figure: Figure, left: float, handles: Sequence[Any], names: Sequence[str]) -> None:
    """What is what, above everything, in lines of at most four names or one of seven."""
    figure.legend(
        handles,
        names,
        loc="upper left",
        bbox_to_anchor=(left / _WIDTH, 1 - 0.02 / figure.get_figheight()),
        ncols=min(len(names), 7) if len(names) < 8 else 4,
        borderaxespad=0.0,
        borderpad=0.3,
        handlelength=1.8,
        columnspacing=1.6,
    )
