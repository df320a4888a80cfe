"""A small self-contained HTML page: headings, figures of merit, tables and inline SVG, light and dark."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from string import Template

__all__ = ["Page", "inline_svg"]

_PAGE = Template(
    """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>$title</title>
<style>
:root { --ink: #24292f; --muted: #57606a; --line: #d0d7de; --paper: #ffffff; --card: #f6f8fa;
        --first: #0072b2; --second: #d55e00; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --muted: #9ba7b4; --line: #3a424c; --paper: #0f1419; --card: #171d24;
          --first: #6cb8ec; --second: #f29a5b; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2.5rem 1.25rem 4rem; max-width: 62rem; background: var(--paper);
       color: var(--ink); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", sans-serif; }
h1 { margin: 0; font-size: 1.8rem; line-height: 1.25; }
h2 { margin: 2.75rem 0 .75rem; font-size: 1.2rem; }
.lead { margin: .35rem 0 0; color: var(--muted); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .75rem;
         margin: 1.75rem 0 0; padding: 0; }
.tile { padding: .8rem 1rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--card); }
.tile dt { color: var(--muted); font-size: .82rem; }
.tile dd { margin: 0; font-size: 1.55rem; font-weight: 650; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .92rem; font-variant-numeric: tabular-nums; }
th, td { padding: .35rem .9rem .35rem 0; border-bottom: 1px solid var(--line); text-align: left; }
th { color: var(--muted); font-weight: 600; white-space: nowrap; vertical-align: top; }
td.number, th.number { text-align: right; padding: .35rem 0 .35rem 1.4rem; }
figure { margin: 0 0 1rem; }
figcaption { margin-top: .4rem; color: var(--muted); font-size: .88rem; }
figure svg { display: block; max-width: 100%; height: auto; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 1.5rem; }
pre { padding: .8rem 1rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--card);
      overflow-x: auto; font-size: .88rem; }
code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
@media print { h2 { break-after: avoid; } figure, .tile { break-inside: avoid; } }
</style>
</head>
<body>
<header>
<h1>$title</h1>
<p class="lead">$lead</p>
</header>
<main>
$body
</main>
</body>
</html>
"""
)

# What the figures of plots.py and this page call their colours. Inside the page the figures take the
# page's, so that they follow its light or dark mode.
_THEME = {
    "#24292f": "var(--ink)",
    "#57606a": "var(--muted)",
    "#d0d7de": "var(--line)",
    "#ffffff": "var(--paper)",
    "#0072b2": "var(--first)",
    "#d55e00": "var(--second)",
}


class Page:
    """Collects parts in order; :meth:`render` gives the page as one text without outside references.

    All text is escaped; only SVG passed to :meth:`figures` is trusted.
    """

    def __init__(self, title: str, lead: str) -> None:
        self._title = title
        self._lead = lead
        self._parts: list[str] = []
        self._figures = 0

    def heading(self, text: str) -> None:
        """A section heading."""
        self._parts.append(f"<h2>{escape(text)}</h2>")

    def text(self, text: str) -> None:
        """A paragraph."""
        self._parts.append(f"<p>{escape(text)}</p>")

    def code(self, text: str) -> None:
        """A block of code or a command."""
        self._parts.append(f"<pre><code>{escape(text)}</code></pre>")

    def tiles(self, figures: Mapping[str, str]) -> None:
        """The few figures that matter most, large; label to value."""
        tiles = [
            f'<div class="tile"><dt>{escape(label)}</dt><dd>{escape(value)}</dd></div>'
            for label, value in figures.items()
        ]
        self._parts.append('<dl class="tiles">' + "".join(tiles) + "</dl>")

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """A table: its first column holds names, the others numbers, flush right."""
        head = "".join(_cell("th", i, name, ' scope="col"') for i, name in enumerate(columns))
        lines = [
            "<tr>"
            + "".join(_cell("td" if i else "th", i, value, "" if i else ' scope="row"') for i, value in enumerate(row))
            + "</tr>"
            for row in rows
        ]
        self._parts.append(
            f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{"".join(lines)}</tbody></table></div>'
        )

    def pairs(self, items: Mapping[str, str]) -> None:
        """A table of names and values, as of a configuration."""
        lines = [
            f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>' for name, value in items.items()
        ]
        self._parts.append(f'<div class="scroll"><table><tbody>{"".join(lines)}</tbody></table></div>')

    def figures(self, figures: Iterable[tuple[str, str]], *, themed: bool = True) -> None:
        """SVG figures with captions, side by side where there is room.

        Figures of :mod:`tinygrad5329.training.plots` follow the page's colours (``themed``); others keep
        their own.
        """
        parts = []
        for svg, caption in figures:
            self._figures += 1
            drawing = inline_svg(svg, f"f{self._figures}-", themed=themed, label=caption)
            parts.append(f"<figure>{drawing}<figcaption>{escape(caption)}</figcaption></figure>")
        self._parts.append(parts[0] if len(parts) == 1 else f'<div class="pair">{"".join(parts)}</div>')

    def render(self) -> str:
        """The page."""
        return _PAGE.substitute(title=escape(self._title), lead=escape(self._lead), body="\n".join(self._parts))


def inline_svg(svg: str, prefix: str, *, themed: bool = True, label: str = "") -> str:
    """Make a stand-alone SVG fit to stand among others inside an HTML page.

    Drops the XML prologue, the document type and the metadata; puts ``prefix`` before every id, so that
    those of two figures cannot meet; with ``themed``, swaps the colours of
    :mod:`tinygrad5329.training.plots` for the page's; names the picture ``label`` for screen readers.

    Raises
    ------
    ValueError
        If the text holds no ``<svg>``.
    """
    start = svg.find("<svg")
    if start < 0:
        raise ValueError("inline_svg: expected an SVG document, found no <svg>")
    svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", svg[start:], flags=re.DOTALL).strip()
    svg = re.sub(r'\bid="', f'id="{prefix}', svg)
    svg = re.sub(r"url\(#", f"url(#{prefix}", svg)
    svg = re.sub(r'href="#', f'href="#{prefix}', svg)
    if themed:
        svg = re.sub("|".join(_THEME), lambda match: _THEME[match[0].lower()], svg, flags=re.IGNORECASE)
    start_tag, rest = svg.split(">", 1)
    start_tag = re.sub(r'\s(?:role|aria-label)="[^"]*"', "", start_tag)
    return f'{start_tag} role="img" aria-label="{escape(label)}">{rest}'


def _cell(tag: str, column: int, text: str, attributes: str) -> str:
    kind = ' class="number"' if column else ""
    return f"<{tag}{kind}{attributes}>{escape(text)}</{tag}>"
