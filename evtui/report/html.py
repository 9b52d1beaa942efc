"""HTML from values: everything is escaped unless it was made here.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from evtui.escaping import for_html

__all__ = ["Html", "table", "tag"]


class Html(str):
    """Markup, made by :func:`tag` or known to be ours."""

    __slots__ = ()


def tag(name: str, *children: object, **attributes: object) -> Html:
    """An element.

    Args:
        children: :class:`Html` goes in as it is, anything else as escaped text; None is left out.
        attributes: ``class_`` stands for class, other ``_`` for ``-``; None is left out.
    """
    head = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{for_html(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    inner = "".join(
        child if isinstance(child, Html) else for_html(child)
        for child in children
        if child is not None
    )
    return Html(f"<{name}{head}>{inner}</{name}>")


def table(
    caption: str, columns: Sequence[str], rows: Iterable[Sequence[object]], numeric: str = ""
) -> Html:
    """A table with headers.

    Args:
        columns: headings; the first column's cells are headings of their rows.
        numeric: for each column ``n`` when it holds numbers, else any letter; may be shorter.
    """

    def style(column: int) -> str | None:
        return "number" if numeric[column : column + 1] == "n" else None

    head = tag(
        "tr", *(tag("th", text, scope="col", class_=style(i)) for i, text in enumerate(columns))
    )
    body = (
        tag(
            "tr",
            *(
                tag("th", cell, scope="row", class_=style(i))
                if i == 0
                else tag("td", cell, class_=style(i))
                for i, cell in enumerate(row)
            ),
        )
        for row in rows
    )
    inner = tag("table", tag("caption", caption), tag("thead", head), tag("tbody", *body))
    return tag("div", inner, class_="wide")
