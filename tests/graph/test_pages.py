"""SVG and HTML with our own layout."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET

import pytest

import tinygrad5329 as tg
from tinygrad5329.graph import Graph, capture, to_html, to_svg
from tinygrad5329.graph.calls import CallTree
from tinygrad5329.graph.layout import lay_out

SVG = "{http://www.w3.org/2000/svg}"


def layout_of(graph):
    return lay_out(CallTree(graph), lambda node: (80.0, 40.0, 40.0), lambda call: (60.0, 20.0))


def overlap(a, b):
    return a.x < b.x + b.width and b.x < a.x + a.width and a.y < b.y + b.height and b.y < a.y + a.height


def inside(a, b):
    return (
        b.x <= a.x and b.y <= a.y and a.x + a.width <= b.x + b.width + 0.01 and a.y + a.height <= b.y + b.height + 0.01
    )


def test_boxes_do_not_overlap(graph):
    places = list(layout_of(graph).nodes.values())
    assert len(places) > 5
    assert not any(overlap(a, b) for i, a in enumerate(places) for b in places[:i])


def test_frames_hold_their_nodes_and_nothing_else(graph):
    tree = CallTree(graph)
    layout = lay_out(tree, lambda node: (80.0, 40.0, 40.0), lambda call: (60.0, 20.0))
    for call, frame in layout.calls:
        for node, place in layout.nodes.items():
            home = tree.home[node]
            while home is not None and home is not call:
                home = home.parent
            assert inside(place, frame) if home is call else not overlap(place, frame)


def test_edges_run_downwards(graph):
    layout = layout_of(graph)
    assert all(start[1] <= end[1] + 0.01 for _, start, end, _ in layout.pieces)


def test_every_free_edge_ends_with_an_arrow(graph):
    tree = CallTree(graph)
    ends = {(source, target) for source, _, _, target in layout_of(graph).pieces if target is not None}
    assert ends == {(e.source, e.target) for e in graph.edges if e.source not in tree.attached}


def test_shared_parameters_and_double_backward_lay_out():
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    (g,) = tg.autograd.grad((x**3 * x.exp()).sum(), x, create_graph=True)
    graph = capture((g * g).sum(), {"x": x})
    places = list(layout_of(graph).nodes.values())
    assert not any(overlap(a, b) for i, a in enumerate(places) for b in places[:i])


def test_svg_is_xml_with_every_node_once(graph, tmp_path):
    root = ET.fromstring(to_svg(graph, tmp_path / "graph.svg").read_text())
    ids = [int(g.get("data-id")) for g in root.iter(f"{SVG}g") if g.get("data-id")]
    assert sorted(ids) == list(range(len(graph.nodes)))
    text = " ".join("".join(t.itertext()) for t in root.iter(f"{SVG}text"))
    for words in ("x", "Residual", "residual.module.linear1", "(5, 4) float32", "gelu", "no gradient"):
        assert words in text
    assert [path.name for path in tmp_path.iterdir()] == ["graph.svg"]


@pytest.mark.parametrize("theme", ["auto", "light", "dark", "print"])
def test_svg_themes(graph, tmp_path, theme):
    text = to_svg(graph, tmp_path / "graph.svg", theme=theme).read_text()
    assert ("prefers-color-scheme" in text) == (theme == "auto")


def test_unknown_theme(graph, tmp_path):
    with pytest.raises(ValueError, match="'auto'"):
        to_svg(graph, tmp_path / "graph.svg", theme="neon")


def test_reading_twice_is_said(tmp_path):
    x = tg.ones(2, requires_grad=True).exp()
    assert "× 2" in to_svg(x * x, tmp_path / "graph.svg").read_text()


def test_names_are_escaped(tmp_path):
    w = tg.ones(2, requires_grad=True)
    name = "</script><img src=x>&"
    ET.fromstring(to_svg(w * 2, tmp_path / "graph.svg", {name: w}).read_text())
    page = to_html(w * 2, tmp_path / "graph.html", {name: w}, title="<b>@SVG@").read_text()
    assert "<img" not in page
    assert page.count("</script>") == 2
    assert page.count("<svg") == 2


def test_page_is_self_contained(graph, tmp_path):
    page = to_html(graph, tmp_path / "graph.html").read_text()
    links = set(re.findall(r"(?:https?:)?//[\w.-]+\.\w+[^\s\"'<]*", page))
    assert links == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"<link|<img|@import|url\(|\bsrc=|fetch\(|XMLHttpRequest|innerHTML", page)
    assert not re.search(r"@[A-Z]+@", page)
    assert [path.name for path in tmp_path.iterdir()] == ["graph.html"]


def test_page_knows_the_graph(graph, tmp_path):
    page = to_html(graph, tmp_path / "graph.html").read_text()
    data = json.loads(re.search(r'<script id="data"[^>]*>(.*?)</script>', page, flags=re.S).group(1))
    assert Graph.from_json(json.dumps(data["graph"])) == graph
    assert data["classes"]["residual"] == "Residual"
    assert data["formulas"]["gelu"][2].startswith("tinygrad5329/ops/gelu.py:")
    assert max(data["held"]) > 0


def test_failed_writing_leaves_the_old_file(graph, tmp_path, monkeypatch):
    path = tmp_path / "graph.svg"
    path.write_text("old")

    def fail(*args):
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OSError, match="disk full"):
        to_svg(graph, path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_deep_graph_is_laid_out(tmp_path):
    x = tg.ones(1, requires_grad=True)
    y = x
    for _ in range(3000):
        y = y * x
    with pytest.warns(UserWarning, match="depth=1"):
        to_svg(y, tmp_path / "graph.svg")
