"""The DOT picture, and writing it through the ``dot`` program."""

from __future__ import annotations

import re
import shutil

import pytest

import tinygrad5329 as tg
from tinygrad5329.graph import capture, draw, render


def boxes(source):
    return re.findall(r"^\s*n\d+ \[", source, flags=re.M)


def arrows(source):
    return re.findall(r"n\d+ -> n\d+", source)


def test_every_node_and_edge_is_drawn(graph):
    source = draw(graph).source
    assert len(boxes(source)) == len(graph.nodes)
    assert len(arrows(source)) == len(graph.edges)


def test_one_cluster_a_module_with_class_and_path(graph):
    source = draw(graph).source
    assert source.count("subgraph cluster_") == 8
    assert source.count("{") == source.count("}")
    for kind, path in (("Linear", "input"), ("Residual", "residual"), ("GELU", "residual.module.gelu")):
        assert re.search(rf"<b>{kind}</b>[^\n]*>{re.escape(path)}<", source)


def test_parameters_are_named_within_their_module(graph):
    source = draw(graph).source
    assert source.count(">weight<") == 4
    assert ">residual.module.linear1.weight<" not in source


def test_lines_on_request(graph):
    assert "(5, 4)" in draw(graph).source
    bare = draw(graph, show_shapes=False, show_dtypes=False, legend=False).source
    assert "(5, 4)" not in bare
    assert "float32" not in bare
    assert "parameter" not in re.sub(r'tooltip="[^"]*"', "", bare)


def test_depth_folds(graph):
    assert len(boxes(draw(graph, depth=1).source)) == 5


@pytest.mark.parametrize("theme", ["light", "dark", "print"])
def test_themes(graph, theme):
    assert draw(graph, theme=theme).source.startswith("digraph")


def test_names_are_escaped():
    nasty = tg.ones(2, requires_grad=True)
    source = draw(nasty * 2, {'<b>"a" & \\N': nasty}).source
    assert "&lt;b&gt;" in source
    assert "<b>&quot;a" not in source
    if shutil.which("dot"):
        assert b"&lt;b&gt;" in draw(nasty * 2, {'<b>"a" & \\N': nasty}).pipe(format="svg")


def test_large_graphs_say_so():
    x = tg.ones(1, requires_grad=True)
    y = x
    for _ in range(400):
        y = y * 2
    with pytest.warns(UserWarning, match="depth=1") as warned:
        draw(y)
    assert warned[0].filename == __file__


@pytest.mark.parametrize("option", [{"rankdir": "up"}, {"theme": "neon"}, {"depth": -1}])
def test_unknown_options(graph, option):
    with pytest.raises(ValueError, match=next(iter(option))):
        draw(graph, **option)


def test_a_captured_graph_has_its_names_already(graph):
    with pytest.raises(TypeError, match="captured already"):
        draw(graph, {"w": tg.ones(1)})


def test_render_without_the_program(graph, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RuntimeError, match=r"apt.*to_svg.*\.source"):
        render(graph, tmp_path / "graph.png")
    assert not list(tmp_path.iterdir())
    render(graph, tmp_path / "graph.dot")
    assert (tmp_path / "graph.dot").read_text().startswith("digraph")


def test_render_unknown_format(graph, tmp_path):
    with pytest.raises(ValueError, match=r"\.png, \.svg"):
        render(graph, tmp_path / "graph.bmp")


@pytest.mark.skipif(shutil.which("dot") is None, reason="needs the dot program of Graphviz")
def test_render(graph, tmp_path):
    render(draw(graph), tmp_path / "graph.svg")
    assert b"<svg" in (tmp_path / "graph.svg").read_bytes()
    render(graph, tmp_path / "graph.png", depth=1, dpi=50)
    assert (tmp_path / "graph.png").read_bytes().startswith(b"\x89PNG")
    assert len(list(tmp_path.iterdir())) == 2


def test_render_refuses_options_of_a_finished_picture(graph, tmp_path):
    with pytest.raises(TypeError, match="depth"):
        render(draw(graph), tmp_path / "graph.svg", depth=1)


def test_tensor_and_captured_graph_draw_the_same():
    x = tg.ones(3, requires_grad=True)
    y = x * 2
    assert draw(y, {"x": x}).source == draw(capture(y, {"x": x})).source
