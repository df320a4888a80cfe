from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from tinygrad5329.training import Page, inline_svg, plot_confusion, plots, save_figure
from tinygrad5329.training.page import _THEME


class Checker(HTMLParser):
    """Collects ids and outside references, and fails on tags that do not match."""

    VOID = frozenset({"meta", "br", "hr", "img", "link", "input"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(str(value))
            if name in ("src", "href", "xlink:href") and not str(value).startswith(("#", "data:")):
                self.outside.append(str(value))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def check(html: str) -> Checker:
    checker = Checker()
    checker.feed(html)
    checker.close()
    assert checker.open == []
    assert checker.outside == []
    assert len(set(checker.ids)) == len(checker.ids)
    return checker


def test_every_part_and_everything_is_escaped() -> None:
    nasty = '<script>alert("&")</script>'
    page = Page(nasty, nasty)
    page.heading(nasty)
    page.text(nasty)
    page.code(nasty)
    page.tiles({nasty: nasty})
    page.table(["", nasty], [[nasty, nasty]])
    page.pairs({nasty: nasty})
    page.figures([('<svg xmlns="http://www.w3.org/2000/svg"></svg>', nasty)])
    html = page.render()
    check(html)
    assert "<script" not in html
    assert html.count("&lt;script&gt;") >= 11


def test_dollar_signs_are_text() -> None:
    page = Page("costs $5", "$title $body")
    page.text("$$ ${x}")
    html = page.render()
    assert "costs $5" in html
    assert "$title $body" in html
    assert "$$ ${x}" in html


def test_two_figures_do_not_share_ids_and_follow_the_theme(tmp_path: object) -> None:
    svg = save_figure(plot_confusion(np.eye(3, dtype=int) * 4), f"{tmp_path}/c")[0].read_text()
    page = Page("a", "b")
    page.figures([(svg, "one"), (svg, "two")])
    html = page.render()
    checker = check(html)
    assert any(name.startswith("f1-") for name in checker.ids)
    assert any(name.startswith("f2-") for name in checker.ids)
    body = html[html.index("<body>") :]
    assert "var(--ink)" in body
    for colour in _THEME:
        assert colour not in body
    for target in re.findall(r'(?:url\(#|href="#)([^")]+)', body):
        assert target in checker.ids
    assert "<metadata" not in body
    assert "<?xml" not in body


def test_other_figures_keep_their_colours_and_have_one_label() -> None:
    page = Page("a", "b")
    page.figures([('<svg role="img" aria-label="x"><path fill="#ffffff"/></svg>', 'a "graph"')], themed=False)
    assert '<svg role="img" aria-label="a &quot;graph&quot;"><path fill="#ffffff"/></svg>' in page.render()


def test_the_theme_knows_the_colours_of_the_figures() -> None:
    assert set(_THEME) == {plots.INK, plots.MUTED, plots.GRID, plots.PAPER, plots.TRAIN, plots.VALIDATION}


def test_a_text_without_svg() -> None:
    with pytest.raises(ValueError, match="found no <svg>"):
        inline_svg("<p>no</p>", "a-")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_readable_in_both_modes(scheme: str) -> None:
    style = Page("a", "b").render()
    roots = re.findall(r":root \{(.*?)\}", style, flags=re.DOTALL)
    colours = dict(re.findall(r"--(\w+): (#\w{6})", roots[0 if scheme == "light" else 1]))

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    def contrast(one: str, two: str) -> float:
        light, dark = sorted((luminance(colours[one]), luminance(colours[two])), reverse=True)
        return (light + 0.05) / (dark + 0.05)

    for ground in ("paper", "card"):
        assert contrast("ink", ground) > 7
        assert contrast("muted", ground) > 4.5
    assert contrast("first", "paper") > 3
    assert contrast("second", "paper") > 3
