"""A document as page and as Markdown: everything is shown, escaped, linked, and balanced."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from tinygrad5329.experiments.output.document import (
    Cell,
    Code,
    Document,
    Finding,
    Items,
    Paragraph,
    Picture,
    Pictures,
    Section,
    Subheading,
    Table,
    Tiles,
    blocks_of_markdown,
)
from tinygrad5329.experiments.output.markdown import render_markdown
from tinygrad5329.experiments.output.page import render_page

NASTY = '<script>alert("&")</script>'
SVG = '<?xml version="1.0"?><svg id="x"><path style="stroke: #00815e; fill: #0072b2"/></svg>'


class Checker(HTMLParser):
    """Collects ids, links and text; fails on tags that do not match."""

    VOID = frozenset({"meta", "br", "hr", "img", "link", "input", "path", "use"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(str(value))
            elif name in ("src", "href", "xlink:href") and not str(value).startswith("data:"):
                (self.links if str(value).startswith("#") else self.outside).append(str(value))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


def check(html: str) -> Checker:
    checker = Checker()
    checker.feed(html)
    checker.close()
    assert checker.open == []
    assert checker.outside == []
    assert len(set(checker.ids)) == len(checker.ids)
    assert {link[1:] for link in checker.links} <= set(checker.ids)
    assert not re.search(r"https?://(?!www\.w3\.org/)", html), "the page reaches out"
    return checker


def document(label: str = "") -> Document:
    section = Section("one", f"One {NASTY}", "")
    section.add(
        Paragraph(f"**strong** *slanted* `a*b*c` 2*3*4 [there](#two) {NASTY}"),
        None,
        Subheading(NASTY),
        Code(NASTY),
        Items((NASTY, "x | y")),
        Tiles((("accuracy", NASTY),)),
        Table(
            ("row", "value"),
            (
                (f"group {NASTY}",),
                (Cell("a", below="2 of 3 failed", bad=True), Cell("0.5", "0.1", "report 0.4\n+0.1", best=True)),
            ),
            caption="Look | here",
        ),
        Finding("holds", NASTY),
        Pictures((Picture("figure-a", SVG, "See [this] *here*."), Picture("figure-b", SVG, "And this.", wide=True))),
    )
    return Document(f"Title {NASTY}", "Lead", label, [section, Section("two", "Two", "Second")])


def test_the_page_is_whole_escaped_and_linked() -> None:
    html = render_page(document())
    checker = check(html)
    assert "<script>" not in html
    assert {"one", "two", "figure-figure-a", "figure-figure-b"} <= set(checker.ids)
    assert checker.links == ["#one", "#two", "#two"]
    assert "<strong>strong</strong> <em>slanted</em> <code>a*b*c</code> 2*3*4" in html
    assert '<a href="#two">Second</a>' in html
    assert "± 0.1" in html
    assert "report 0.4<br>+0.1" in html
    assert 'colspan="2"' in html


def test_figures_follow_the_colours_of_the_page() -> None:
    html = render_page(document())
    drawn = html[html.index("<figure") :]
    assert "var(--third)" in drawn and "var(--first)" in drawn
    assert "#00815e" not in drawn and "#0072b2" not in drawn


def test_a_label_stands_in_the_title_and_warns() -> None:
    for text in (render_page(document("quick run")), render_markdown(document("quick run"))):
        assert text.count("quick run") >= 2
        assert "say nothing" in text
    assert "say nothing" not in render_page(document())


def test_markdown_tables_keep_their_columns() -> None:
    text = render_markdown(document())
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert len(table) == 4
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in table} == {3}
    assert "**0.5 ± 0.1**<br>report 0.4, +0.1" in text
    assert "![See (this) here.](figures/figure-a.svg)" in text
    assert '<a id="two"></a>' in text and "[Second](#two)" in text


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("## A ##\n\nOne\ntwo.", [Subheading("A ##"), Paragraph("One two.")]),
        ("```\n  x = 1\n\ny\n```\nafter", [Code("  x = 1\n\ny"), Paragraph("after")]),
        ("    v = 1\n\n    w = 2\n\nafter", [Code("v = 1\n\nw = 2"), Paragraph("after")]),
        ("- one\n  more\n- two\n\nafter", [Items(("one more", "two")), Paragraph("after")]),
        ("1. one\n2. two", [Items(("one", "two"))]),
        ("$$\nx^2\n$$", [Code("x^2")]),
        (
            "| a | b | c |\n|---|--:|---|\n| x | 1 | y \\| z |\n",
            [Table(("a", "b", "c"), (("x", "1", "y | z"),), frozenset({0, 2}))],
        ),
        ("", []),
    ],
)
def test_reading_plain_markdown(markdown: str, expected: list[object]) -> None:
    assert blocks_of_markdown(markdown) == expected


def test_a_number_is_not_broken_at_its_exponent() -> None:
    section = Section("a", "A", blocks=[Paragraph("weight decay 1e-4, `1e-4`, well-known")])
    html = render_page(Document("T", "", "", [section]))
    assert 'weight decay <span class="number">1e-4</span>, <code>1e-4</code>, well-known' in html
