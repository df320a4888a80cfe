"""What pictures show on request, and what is said about requests that cannot be met."""

from __future__ import annotations

import re
import shutil

import pytest

import tinygrad5329 as tg
from tinygrad5329.graph import capture, draw, render, to_html, to_mermaid, to_svg, tree

nn = tg.nn


@pytest.fixture
def rich():
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    x = tg.ones(5, 3)
    return capture(lambda: model(x).sum(), model, {"x": x}, values=True, gradients=True, times=True)


SHOWN = {
    "show_values": r"± ",
    "show_gradients": r"grad ",
    "show_counts": r"26 parameters",
    "show_times": r"backward [\d.]+ (µs|ms)",
    "show_bytes": r"80 B, keeps 80 B",
    "show_saved": r"style=dotted",
}


@pytest.mark.parametrize("option", SHOWN)
def test_lines_on_request(rich, option):
    assert not re.search(SHOWN[option], draw(rich).source)
    source = draw(rich, **{option: True}).source
    assert re.search(SHOWN[option], source)
    if shutil.which("dot"):
        assert b"<svg" in draw(rich, **{option: True}).pipe(format="svg")


@pytest.mark.parametrize("option", ["show_values", "show_gradients", "show_bytes", "show_times"])
def test_the_same_in_our_own_pictures(rich, option, tmp_path):
    text = to_svg(rich, tmp_path / "graph.svg", **{option: True}).read_text()
    assert re.search(SHOWN[option], text)


def test_a_scalar_shows_its_number():
    a = tg.tensor(2.0, requires_grad=True)
    source = draw(lambda: (a * 3).exp(), {"a": a}, show_values=True, show_gradients=True).source
    for words in ("value 6", "value 403.4", "grad 403.4", "grad 1210", "grad 1<"):
        assert words in source


def test_tensors_are_captured_with_what_is_shown():
    w = tg.ones(2, 2, requires_grad=True)
    assert "grad 1 ± 0" in draw((w * 2).sum(), {"w": w}, show_gradients=True).source


@pytest.mark.parametrize("option", ["show_values", "show_gradients", "show_times"])
def test_what_was_not_captured(graph, option):
    with pytest.raises(ValueError, match=rf"{option}: this graph does not have them: pass capture\(\.\.\., "):
        draw(graph, **{option: True})


def test_saved_values_that_are_freed():
    w = tg.ones(2, requires_grad=True)
    loss = (w * w).sum()
    loss.backward()
    with pytest.raises(ValueError, match="before backward"):
        draw(capture(loss, {"w": w}), show_saved=True)


@pytest.mark.parametrize("function", [draw, to_mermaid, tree])
def test_unknown_options(graph, function):
    with pytest.raises(TypeError, match=r"unknown option 'dept': did you mean 'depth'\? Known are .*depth"):
        function(graph, dept=1)


def test_unknown_options_of_files(graph, tmp_path):
    with pytest.raises(TypeError, match="did you mean 'show_shapes'"):
        to_svg(graph, tmp_path / "graph.svg", show_shape=False)
    with pytest.raises(TypeError, match="to_html: unknown option 'colour'"):
        to_html(graph, tmp_path / "graph.html", colour="red")
    with pytest.raises(TypeError, match="draw: unknown option 'colour'"):
        render(graph, tmp_path / "graph.dot", colour="red")
    with pytest.raises(TypeError, match=r"capture: unknown option 'value'.*'values'"):
        capture(tg.ones(2, requires_grad=True) * 2, value=True)
    assert not list(tmp_path.iterdir())


def test_a_page_of_a_captured_graph_takes_no_wishes(graph, tmp_path):
    with pytest.raises(TypeError, match=r"values belong to capture\(\)"):
        to_html(graph, tmp_path / "graph.html", values=True)


def test_mermaid(graph):
    text = to_mermaid(graph, rankdir="LR")
    assert text.startswith("flowchart LR\n")
    assert text.count("subgraph ") == len(re.findall(r"\n +end", text)) == 8
    assert len(re.findall(r"n\d+ (?:-->|-\.->) n\d+", text)) == len(graph.edges)
    assert '"Linear  input"' in text
    assert len(re.findall(r":::\w+", text)) == len(graph.nodes)


def test_mermaid_escapes_names():
    w = tg.ones(2, requires_grad=True)
    text = to_mermaid(w * 2, {'"<x>': w})
    assert "#quot;#lt;x#gt;" in text


@pytest.mark.parametrize("rankdir", ["TB", "LR", "BT", "RL"])
def test_directions(graph, rankdir):
    assert f"rankdir={rankdir}" in draw(graph, rankdir=rankdir).source


def test_bad_direction_of_mermaid(graph):
    with pytest.raises(ValueError, match="rankdir"):
        to_mermaid(graph, rankdir="up")
