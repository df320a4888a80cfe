"""The page of ``to_html`` in a headless Chromium: folding, search, the slider, keys."""

from __future__ import annotations

import sys

import pytest

import tinygrad5329 as tg
from tinygrad5329.graph import capture, to_html

from .chromium import Chromium, find_chromium

nn = tg.nn

pytestmark = [
    pytest.mark.skipif(find_chromium() is None, reason="needs Chromium: apt install chromium"),
    pytest.mark.skipif(sys.platform == "win32", reason="talks to Chromium over inherited pipes"),
]


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A model of three equal blocks, drawn with values and gradients; the browser that shows it."""
    folder = tmp_path_factory.mktemp("player")
    tg.manual_seed(0)
    blocks = [nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 4), nn.Dropout(0.5)) for _ in range(12)]
    model = nn.Sequential(nn.Linear(3, 4), *blocks, nn.Linear(4, 2))
    x = tg.ones(5, 3)
    graph = capture(lambda: model(x).sum(), model, {"x": x}, values=True, gradients=True, sites=True)
    browser = Chromium(folder / "profile")
    browser.path = to_html(graph, folder / "page.html", title="blocks")
    browser.graph = graph
    yield browser
    browser.close()


@pytest.fixture
def fresh(page):
    page.open(page.path)
    yield page
    assert page.problems() == []


def labels(page, selector):
    return page.run(f"[...document.querySelectorAll({selector!r})].map(e => e.getAttribute('aria-label'))")


def text(page, selector):
    return page.run(f"document.querySelector({selector!r}).textContent")


def slide(page, step):
    page.run(f"(s => {{ s.value = {step}; s.dispatchEvent(new Event('input')); }})(document.getElementById('slider'))")


def node(page, name):
    return next(node for node in page.graph.nodes if node.name == name)


def test_it_opens_with_equal_blocks_as_one_box(fresh):
    assert text(fresh, "h1") == "blocks"
    (repeat,) = [label for label in labels(fresh, ".head.module") if "×" in label]
    assert repeat.startswith("Sequential × 12, 1 to 12, 48 operations")


def test_a_click_unfolds_a_module_and_another_folds_it(fresh):
    before = len(labels(fresh, ".head"))
    fresh.click(".head.module[aria-label*='×']")
    assert fresh.run("document.querySelector(\"[aria-label*='× 12']\").getAttribute('aria-expanded')") == "true"
    assert len(labels(fresh, ".head")) == before + 12
    visible = "[...document.querySelectorAll('.head')].filter(e => e.getClientRects().length).length"
    shown = fresh.run(visible)
    fresh.click(".head.open[aria-label*='×'] .handle")
    assert fresh.run("document.querySelector(\"[aria-label*='× 12']\").getAttribute('aria-expanded')") == "false"
    assert fresh.run(visible) < shown


def test_boxes_do_not_overlap_and_stand_in_their_frames(fresh):
    fresh.run("document.getElementById('unfold').click()")
    fresh.run("document.getElementById('unfold').click()")
    fresh.run("document.getElementById('unfold').click()")
    problem = fresh.run(
        """(() => {
            const rects = [...document.querySelectorAll('.node > rect:first-child')]
              .filter(e => e.getClientRects().length).map(e => e.getBoundingClientRect());
            for (let i = 0; i < rects.length; i++) for (let j = 0; j < i; j++) {
              const a = rects[i], b = rects[j];
              const across = a.left < b.right - 1 && b.left < a.right - 1;
              if (across && a.top < b.bottom - 1 && b.top < a.bottom - 1) return [i, j];
            }
            for (const call of document.querySelectorAll('.call')) {
              if (!call.getClientRects().length) continue;
              const frame = call.querySelector('rect').getBoundingClientRect();
              for (const e of call.querySelectorAll('.node > rect:first-child')) {
                if (!e.getClientRects().length) continue;
                const r = e.getBoundingClientRect();
                if (r.left < frame.left - 1 || r.right > frame.right + 1 || r.bottom > frame.bottom + 1) return 'frame';
              }
            }
            return rects.length > 10 ? null : rects.length;
        })()"""
    )
    assert problem is None


def test_a_click_on_a_node_shows_what_is_known(fresh):
    number = next(n.id for n in fresh.graph.nodes if n.kind == "op" and n.name == "sum")
    fresh.click(f"[data-id='{number}'] rect")
    shown = text(fresh, "#details")
    for words in (
        "sum",
        "out = Σ x",
        "dx = g, everywhere",
        "rule: tinygrad5329/ops/",
        "()",
        "float32",
        "test_player.py",
    ):
        assert words in shown
    assert fresh.run(f"document.querySelector(\"[data-id='{number}']\").classList.contains('chosen')")


def test_histograms_of_value_and_gradient(fresh):
    number = next(n.id for n in fresh.graph.nodes if n.name == "0.weight")
    fresh.run("document.getElementById('search').value = '0.weight'")
    fresh.run("document.getElementById('search').dispatchEvent(new Event('input'))")
    fresh.run("document.getElementById('search').focus()")
    fresh.press("Enter")
    assert fresh.run(f"document.querySelector(\"[data-id='{number}']\").classList.contains('chosen')")
    assert fresh.run("document.querySelectorAll('.histogram').length") == 2
    assert fresh.run("document.querySelectorAll('.histogram.gradient rect').length") == 24


def test_search_finds_inside_folded_modules(fresh):
    fresh.press("/", "/")
    for char in "tanh":
        fresh.press(char, char)
    assert text(fresh, "#found") == f"12 of {len(fresh.graph.nodes)}"
    assert [label.split(",")[0] for label in labels(fresh, ".hit")] == ["Sequential × 12"]
    fresh.press("Enter")
    assert text(fresh, "#found") == "1 of 12"
    assert text(fresh, "#details h2") == "tanh"
    fresh.press("Escape")
    assert text(fresh, "#found") == ""
    assert labels(fresh, ".hit") == []


def test_the_slider_plays_forward_then_backward(fresh):
    count = sum(n.kind == "op" for n in fresh.graph.nodes)
    last = next(n for n in fresh.graph.nodes if n.name == "sum")
    slide(fresh, 0)
    classes = f"document.querySelector(\"[data-id='{last.id}']\").getAttribute('class')"
    assert "waiting" in fresh.run(classes)
    slide(fresh, count)
    assert text(fresh, "#step").startswith(f"forward {count} of {count}: sum")
    assert "now" in fresh.run(classes)
    assert "known" not in fresh.run(classes)
    slide(fresh, count + 1)
    assert text(fresh, "#step").startswith(f"backward 1 of {count}: gradient of sum")
    assert "known" in fresh.run(classes)
    slide(fresh, 2 * count)
    assert "0 B held" in text(fresh, "#step")
    weight = next(n for n in fresh.graph.nodes if n.name == "0.weight")
    assert fresh.run(f"document.querySelector(\"[data-id='{weight.id}']\").classList.contains('known')")


def test_a_gradient_appears_only_when_it_is_computed(fresh):
    count = sum(n.kind == "op" for n in fresh.graph.nodes)
    first = next(n for n in fresh.graph.nodes if n.forward == 1)
    fresh.run("document.getElementById('unfold').click()")
    shown = f"getComputedStyle(document.querySelector(\"[data-id='{first.id}'] text.gradient\")).visibility"
    slide(fresh, 2 * count - 1)
    assert fresh.run(shown) == "hidden"
    slide(fresh, 2 * count)
    assert fresh.run(shown) == "visible"


def test_keys_walk_fold_and_step(fresh):
    fresh.press("ArrowDown")
    assert fresh.run("document.activeElement.matches('.chosen')")
    first = text(fresh, "#details h2")
    fresh.press("ArrowDown")
    assert text(fresh, "#details h2") != first
    fresh.press("f", "f")
    folded = len(labels(fresh, ".head.module"))
    fresh.press("u", "u")
    assert len(labels(fresh, ".head.module")) > folded
    fresh.press(".", ".")
    fresh.press(",", ",")
    assert text(fresh, "#step").startswith("backward")
    before = fresh.run("document.getElementById('graph').getAttribute('viewBox')")
    fresh.press("+", "+")
    assert fresh.run("document.getElementById('graph').getAttribute('viewBox')") != before


def test_light_and_dark(fresh):
    colour = "getComputedStyle(document.body).backgroundColor"
    light = fresh.run(colour)
    fresh.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    dark = fresh.run(colour)
    fresh.click("#theme")
    again = fresh.run(colour)
    fresh.call("Emulation.setEmulatedMedia", features=[])
    assert (light, dark, again) == ("rgb(255, 255, 255)", "rgb(16, 20, 27)", "rgb(255, 255, 255)")


def test_a_long_tape_is_cut_into_groups(page, tmp_path):
    x = tg.ones(1, requires_grad=True)
    y = x
    for _ in range(3000):
        y = y * x
    page.open(to_html(y, tmp_path / "long.html", {"x": x}))
    assert len(labels(page, ".head.module")) == 50
    page.click(".head.module")
    assert len(labels(page, ".op, .output")) == 60
    assert page.problems() == []
