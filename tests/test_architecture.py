"""The rules of the house that a program can check: one-way imports, small files, no pickle, no loose ends."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = {"tinygrad5329": "tinygrad5329", "nn": "tinygrad5329.nn", "optim": "tinygrad5329.optim"}

#: From the bottom up: a module may import from its own layer and those before it.
LAYERS = [
    {
        "atomic",
        "dtypes",
        "size",
        "spelling",
        "hooks",
        "description",
        "printing",
        "grad_mode",
        "tape",
        "backends",
        "random",
        "return_types",
        "layout",
        "constructor",
        "storage",
    },
    {"tensor"},
    {
        "fast",
        "ops",
        "creation",
        "dlpack",
        "factory_options",
        "fft",
        "from_data",
        "legacy",
        "linalg",
        "randomness",
        "special",
        "signal",
        "sequences",
    },
    {"autograd"},
    {"nn", "optim", "distributions", "graph", "profiler", "utils", "func", "testing"},
    {"safetensors_file", "state_tree", "torch_file"},
    {"serialization"},
    {"replay"},
    {"training", "compat"},
    {"experiments"},
    {"search"},
    {"doctor"},
    {"cli", "__main__"},
]


def modules() -> dict[str, Path]:
    """Every module of the package by its installed name."""
    found = {}
    for folder, package in FOLDERS.items():
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT / folder).with_suffix("").parts
            parts = parts[:-1] if parts[-1] == "__init__" else parts
            found[".".join((package, *parts))] = path
    return found


MODULES = modules()


def imports(path: Path, *, top_level: bool = False) -> set[str]:
    """The project's modules that a file imports; with `top_level`, while it is itself being imported."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = set()
    stack: list[ast.AST] = [tree]
    while stack:
        node = stack.pop()
        if top_level and isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names if alias.name.startswith("tinygrad5329"))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tinygrad5329"):
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                found.add(full if full in MODULES else node.module)
        stack.extend(ast.iter_child_nodes(node))
    return found


def layer(module: str) -> int | None:
    parts = module.split(".")
    if len(parts) == 1:
        return None
    return next(i for i, names in enumerate(LAYERS) if parts[1] in names)


@pytest.mark.parametrize("name", sorted(MODULES))
def test_imports_point_down(name):
    own = layer(name)
    if own is None:
        return
    upward = {each for each in imports(MODULES[name]) if (layer(each) or 0) > own}
    assert not upward, f"{name} imports from a layer above it: {sorted(upward)}"


def test_no_module_needs_itself_to_be_imported():
    graph = {name: imports(path, top_level=True) - {name} for name, path in MODULES.items()}
    packages = {name for name, path in MODULES.items() if path.name == "__init__.py"}
    done: set[str] = set()
    for start in sorted(graph):
        stack = [(start, iter(sorted(graph[start])))]
        path = [start]
        while stack:
            module, rest = stack[-1]
            following = next((each for each in rest if each not in done and each not in packages), None)
            if following is None:
                done.add(module)
                stack.pop()
                path.pop()
            else:
                assert following not in path, f"circular import: {' -> '.join([*path, following])}"
                path.append(following)
                stack.append((following, iter(sorted(graph.get(following, ())))))


@pytest.mark.parametrize("name", sorted(MODULES))
def test_files_are_small(name):
    lines = len(MODULES[name].read_text(encoding="utf-8").splitlines())
    assert lines <= 430, f"{name} has {lines} lines: split it by idea"


#: They talk to worker processes that they started themselves, over their own pipes; no file is read.
OWN_PIPES = {"tinygrad5329.utils.data.wire", "tinygrad5329.utils.data.worker_process"}


@pytest.mark.parametrize("name", sorted(MODULES.keys() - OWN_PIPES))
def test_nothing_unpickles(name):
    text = MODULES[name].read_text(encoding="utf-8")
    assert not re.search(r"^\s*(import|from) (pickle|cPickle|dill|joblib|shelve|marshal)\b", text, re.M)
    assert "allow_pickle=True" not in text


@pytest.mark.parametrize("name", sorted(MODULES))
def test_no_loose_ends(name):
    text = MODULES[name].read_text(encoding="utf-8")
    assert not re.search(r"\b(TODO|FIXME|XXX|HACK)\b", text)
    assert Path(name).name not in {"utils", "helpers", "misc"}


def test_every_package_is_listed_for_installation():
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"]
    assert sorted(listed) == sorted(name for name, path in MODULES.items() if path.name == "__init__.py")


def test_importing_and_making_tensors_needs_numpy_alone():
    code = (
        "import sys, tinygrad5329 as tg\n"
        "tg.manual_seed(0)\n"
        "tg.zeros(2), tg.ones(2), tg.tensor([1.0]), tg.arange(3), tg.rand(2), tg.randn(2, requires_grad=True)\n"
        "tg.nn.Linear(2, 3), tg.optim.SGD([tg.nn.Parameter(tg.ones(2))], lr=0.1)\n"
        "names = 'matplotlib sklearn safetensors tqdm torch scipy pandas graphviz numba optuna threadpoolctl'.split()\n"
        "print(*[name for name in names if name in sys.modules])"
    )
    output = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert output.split() == []


def test_every_public_function_has_a_docstring():
    missing = []
    for name, path in MODULES.items():
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            public = isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_")
            if public and ast.get_docstring(node) is None:
                missing.append(f"{name}.{node.name}")
    assert not missing
