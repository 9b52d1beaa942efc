"""matplotlib's SVG made fit to stand inside a page.

Placeholder colours become CSS variables, so that pictures follow the page from light to dark;
fonts become the page's; ids that nothing refers to go, because a page may have each id once.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree

from evtui.escaping import for_terminal

__all__ = ["PALETTE", "inline"]

PALETTE = {
    "ink": "#a10001",
    "muted": "#a10002",
    "grid": "#a10003",
    "paper": "#a10004",
    "current": "#a10005",
    "limit": "#a10006",
    "reported": "#a10007",
    "active": "#a10008",
    "effect": "#a10009",
    "alarm": "#a1000a",
    "mark": "#a1000b",
    "calls": "#a1000c",
    "frames": "#a1000d",
    "injected": "#a1000e",
    **{f"run-{number}": f"#a1001{number}" for number in range(1, 9)},
}
"""Name of a CSS variable to the placeholder that stands for it in a drawing."""

_SVG = "{http://www.w3.org/2000/svg}"
_HREF = "{http://www.w3.org/1999/xlink}href"
_REFERENCE = re.compile(r"#([\w-]+)")
_FONT = re.compile(r"'?DejaVu Sans'?[^;\"]*")
_COLOURS = re.compile("|".join(PALETTE.values()))
_VARIABLES = {colour: f"var(--{name})" for name, colour in PALETTE.items()}


def inline(svg: str, prefix: str, label: str) -> str:
    """Turn a drawing into an element of a page.

    Args:
        svg: as matplotlib writes it, with colours of :data:`PALETTE` only.
        prefix: makes the drawing's ids its own.
        label: what the picture shows, in words.
    """
    root = ElementTree.fromstring(svg)
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag == f"{_SVG}style" or not child.tag.startswith(_SVG):
                parent.remove(child)  # the page has its own style; metadata says nothing here
    for metadata in root.findall(f"{_SVG}metadata"):
        root.remove(metadata)
    referred = {
        name
        for element in root.iter()
        for key, value in element.attrib.items()
        if key != "style" or "url(" in value
        for name in _REFERENCE.findall(value)
    }
    for element in root.iter():
        element.tag = element.tag.removeprefix(_SVG)
        name = element.attrib.pop("id", None)
        if name in referred:
            element.set("id", f"{prefix}{name}")
        for key, value in list(element.attrib.items()):
            if key == _HREF:
                element.set("href", value.replace("#", f"#{prefix}"))
                del element.attrib[key]
            elif "url(#" in value:
                element.set(key, value.replace("url(#", f"url(#{prefix}"))
            elif key == "style":
                style = _COLOURS.sub(lambda found: _VARIABLES[found[0]], value)
                element.set(key, _FONT.sub("var(--font)", style))
        element.tail = None
        if element.tag != "text" and element.text is not None and not element.text.strip():
            element.text = None
    for size in ("width", "height", "version"):
        root.attrib.pop(size, None)
    root.set("role", "img")
    root.set("aria-label", for_terminal(label))
    return ElementTree.tostring(root, encoding="unicode")
