"""nn and optim are forward-only: no gradient rule, no raw array, no part of the tape in their source."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import tinygrad5329.nn
import tinygrad5329.optim

FOLDERS = [Path(module.__file__).parent for module in (tinygrad5329.nn, tinygrad5329.optim)]
SOURCES = sorted(path for folder in FOLDERS for path in folder.rglob("*.py"))

RULES = {"backward", "vjp", "jvp", "raw_vjp", "pull", "setup_context"}
ENGINE_CLASSES = {"Primitive", "Function", "Node", "OpNode", "Port"}
PRIVATE = {"_array", "_grad", "_node", "_rg", "_record", "__array_interface__"}
ARRAY_MODULES = {"numpy", "np", "cupy"}


def violations(source: str) -> list[str]:
    """What a source file does that belongs into the engine, as "line: what"."""
    found = []

    def report(node: ast.AST, what: str) -> None:
        found.append(f"{node.lineno}: {what}")

    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) if name in RULES:
                report(node, f"defines {name}")
            case ast.Assign(targets=targets):
                for target in targets:
                    if isinstance(target, ast.Name) and target.id in RULES:
                        report(node, f"defines {target.id}")
            case ast.ClassDef(bases=bases):
                for base in bases:
                    name = base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "")
                    if name in ENGINE_CLASSES:
                        report(node, f"derives from {name}")
            case ast.ImportFrom(names=names):
                for name in names:
                    if name.name in ENGINE_CLASSES:
                        report(node, f"imports {name.name}")
            case ast.Attribute(attr=attr) if attr in PRIVATE:
                report(node, f"touches .{attr}")
            case ast.Attribute(attr="Primitive"):
                report(node, "uses Primitive")
            case ast.Name(id="Primitive"):
                report(node, "uses Primitive")
            case ast.Call(func=ast.Attribute(attr="numpy")):
                report(node, "calls .numpy()")
            case ast.Call(func=ast.Attribute(value=ast.Name(id=module))) if module in ARRAY_MODULES:
                parts = [part for argument in node.args for part in ast.walk(argument)]
                if any(isinstance(part, ast.Attribute) and part.attr == "grad" for part in parts):
                    report(node, f"gives a gradient to {module}")
            case ast.Call(func=ast.Name(id="getattr" | "setattr" | "hasattr"), args=[_, ast.Constant(value=name), *_]):
                if name in PRIVATE:
                    report(node, f"touches .{name}")
    return found


def test_there_is_something_to_check():
    names = {path.name for path in SOURCES}
    assert {"module.py", "linear.py", "functional.py", "clip_grad.py", "sgd.py", "adam.py"} <= names


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_source_is_forward_only(path):
    found = violations(path.read_text(encoding="utf-8"))
    assert not found, f"{path.name} does the engine's work:\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("planted", "what"),
    [
        ("def backward(ctx, g): return g", "defines backward"),
        ("class A:\n    def vjp(self, g): return g", "defines vjp"),
        ("class A:\n    @staticmethod\n    def jvp(ctx, *t): return t", "defines jvp"),
        ("class A:\n    backward = staticmethod(lambda ctx, g: g)", "defines backward"),
        ("relu = Primitive('relu', f, g)", "uses Primitive"),
        (
            "from tinygrad5329.ops import primitive\nrelu = primitive.Primitive('relu', f, g)",
            "uses Primitive",
        ),
        ("from tinygrad5329.ops.primitive import Primitive as P", "imports Primitive"),
        ("class A(autograd.Function): pass", "derives from Function"),
        ("class A(Function): pass", "derives from Function"),
        ("from tinygrad5329.autograd import Function as F", "imports Function"),
        ("p.grad._array *= 2", "touches ._array"),
        ("p._array += 1", "touches ._array"),
        ("getattr(p.grad, '_array')[:] = 0", "touches ._array"),
        ("p._grad = None", "touches ._grad"),
        ("t._node = None", "touches ._node"),
        ("p.grad.numpy()[:] = 0", "calls .numpy()"),
        ("np.multiply(np.asarray(p.grad), 2)", "gives a gradient to np"),
    ],
)
def test_planted_violations_are_caught(planted, what):
    assert any(what in each for each in violations(planted))


@pytest.mark.parametrize(
    "allowed",
    [
        "def forward(self, x): return x.relu()",
        "loss.backward()",
        "with no_grad():\n    p.grad.mul_(0.5)",
        "p.grad = None",
        "def register_hook(self, hook): pass",
        "from tinygrad5329 import ops\nfrom tinygrad5329.tensor import Tensor",
    ],
)
def test_forward_code_is_not_caught(allowed):
    assert not violations(allowed)
