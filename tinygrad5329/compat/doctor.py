"""Which names of torch a script uses, and which of them are missing, without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tinygrad5329.compat.facade import facade, missing, public_names, resolve

__all__ = ["Use", "examine", "report"]

#: Packages with parts that are compiled against PyTorch.
_COMPILED = {
    *("apex", "bitsandbytes", "flash_attn", "mamba_ssm", "torch_cluster", "torch_scatter", "torch_sparse"),
    *("torch_spline_conv", "torchao", "torchaudio", "torchtext", "torchvision", "triton", "xformers"),
}

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


@dataclass
class Use:
    """A dotted name of torch that a script uses: where, and what is wrong with it (nothing: '')."""

    name: str
    lines: list[int] = field(default_factory=list)
    problem: str = ""


def examine(source: str | bytes, path: str = "<script>") -> list[Use]:
    """The names of torch used in a script's `source`, sorted.

    Followed are imports, aliases of them (``F = torch.nn.functional``) and what is asked of them by dots, in every
    branch. Not followed are other files, and methods of tensors and modules that the script holds. Packages that
    are compiled against PyTorch (torchvision ...) are problems too, unless a file of that name lies beside `path`.

    Raises
    ------
    SyntaxError
        `source` is not Python.

    Examples
    --------
    >>> for use in examine("import torch.nn as nn\\nnn.Linear(2, 3)\\nnn.Linnear(2, 3)"):
    ...     print(use.lines, use.problem or use.name)
    [1] torch.nn
    [2] torch.nn.Linear
    [3] torch.nn.Linnear is not in tinygrad5329; nearest: torch.nn.Linear...
    """
    reader = _Reader(Path(path).parent)
    reader.visit(ast.parse(source, path))
    return sorted(reader.uses.values(), key=lambda use: use.name)


def report(path: str) -> int:
    """Print what `examine` finds in the file `path`; returns how many names are missing.

    Raises
    ------
    OSError, SyntaxError
        The file cannot be read or is not Python.
    """
    uses = examine(Path(path).read_bytes(), path)
    width = max((len(use.name) for use in uses), default=0)
    for use in uses:
        lines = f"line{'s' * (len(use.lines) > 1)} {', '.join(map(str, use.lines))}"
        why = use.problem.removeprefix(f"{use.name} is not in tinygrad5329").removeprefix("; ")
        status = "missing" if use.problem else "ok     "
        print(f"{status}  {use.name:{width}}  {lines}" + (f"  ({why})" if why else ""))
    count = sum(bool(use.problem) for use in uses)
    print(f"{path}: {len(uses)} names of torch, {count} missing")
    return count


class _Reader(ast.NodeVisitor):
    """Walks a script with, per scope, the local names and the names of torch (or None) that they stand for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.scopes: list[dict[str, str | None]] = []
        self.uses: dict[str, Use] = {}

    def record(self, path: str, line: int) -> None:
        name, exists = resolve(path)
        use = self.uses.setdefault(name, Use(name, problem="" if exists else missing(name)))
        if line not in use.lines:
            use.lines.append(line)

    def record_other(self, module: str, line: int) -> None:
        """An import of another package: one with compiled parts needs PyTorch itself, one in Python alone does not."""
        root = module.partition(".")[0]
        beside = any((self.folder / name).exists() for name in (root, f"{root}.py"))
        if root in _COMPILED and not beside:
            use = self.uses.setdefault(
                root, Use(root, problem=f"{root} is another package, which needs PyTorch itself")
            )
            use.lines.append(line)

    def path_of(self, node: ast.expr) -> str | None:
        """The dotted name of torch that `node` spells, if it does."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return None
        root = next((scope[node.id] for scope in reversed(self.scopes) if node.id in scope), None)
        return None if root is None else ".".join([root, *reversed(parts)])

    def enter(self, node: ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> None:
        """Visit a scope's body, its own names known."""
        bindings: dict[str, str | None] = {}
        self.scopes.append(bindings)
        body = [node.body] if isinstance(node, ast.Lambda) else node.body
        if not isinstance(node, ast.Module):
            bindings.update((each.arg, None) for each in ast.walk(node.args) if isinstance(each, ast.arg))
        inside = list(_of_scope(body))
        for each in inside:
            if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
                bindings.setdefault(each.id, None)
            elif isinstance(each, (*_SCOPES[:2], ast.ClassDef)):
                bindings.setdefault(each.name, None)
        for each in inside:
            if isinstance(each, (ast.Import, ast.ImportFrom)):
                bindings.update(_imported(each))
        for each in inside:
            if isinstance(each, ast.Assign) and len(each.targets) == 1 and isinstance(each.targets[0], ast.Name):
                name, path = each.targets[0].id, self.path_of(each.value)
                if path is not None and bindings.get(name) is None and not path.startswith(f"{name}."):
                    bindings[name] = path
        for statement in body:
            self.visit(statement)
        self.scopes.pop()

    def visit_Module(self, node: ast.Module) -> None:
        self.enter(node)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> None:
        """Defaults, decorators and annotations belong to the scope outside."""
        outside: list[ast.AST] = [node.args]
        if not isinstance(node, ast.Lambda):
            outside += [*node.decorator_list, *([node.returns] if node.returns else [])]
        for each in outside:
            self.visit(each)
        self.enter(node)

    visit_AsyncFunctionDef = visit_Lambda = visit_FunctionDef

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            if alias.name.partition(".")[0] == "torch":
                self.record(alias.name, node.lineno)
            else:
                self.record_other(alias.name, node.lineno)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.level or node.module is None:
            return
        if node.module.partition(".")[0] != "torch":
            self.record_other(node.module, node.lineno)
            return
        for alias in node.names:
            self.record(node.module if alias.name == "*" else f"{node.module}.{alias.name}", node.lineno)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        path = self.path_of(node)
        if path is None:
            self.generic_visit(node)
        else:
            self.record(path, node.lineno)

    def visit_Name(self, node: ast.Name) -> None:
        path = self.path_of(node) if isinstance(node.ctx, ast.Load) else None
        if path is not None and facade(path) is None:
            self.record(path, node.lineno)


def _of_scope(body: list[ast.stmt] | list[ast.expr]) -> Iterator[ast.AST]:
    """The nodes of a scope in no order, those of scopes and classes inside it left out."""
    stack: list[ast.AST] = list(body)
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, (*_SCOPES, ast.ClassDef)):
            stack.extend(ast.iter_child_nodes(node))


def _imported(node: ast.Import | ast.ImportFrom) -> dict[str, str]:
    """The names that an import binds to something of torch."""
    if isinstance(node, ast.Import):
        ours = [alias for alias in node.names if alias.name.partition(".")[0] == "torch"]
        return {alias.asname or "torch": alias.name if alias.asname else "torch" for alias in ours}
    if node.level or (node.module or "").partition(".")[0] != "torch":
        return {}
    names = {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names if alias.name != "*"}
    if len(names) < len(node.names):
        names.update((name, f"{node.module}.{name}") for name in public_names(str(node.module)) if name not in names)
    return names
