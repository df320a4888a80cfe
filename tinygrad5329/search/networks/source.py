"""A module as the Python source of a program that builds it."""

from __future__ import annotations

import inspect
import json
import keyword
from collections.abc import Callable
from typing import Any

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.search.networks.cell import CellGraph
from tinygrad5329.search.networks.expression import Call, Expression, Mapping, import_line, laid_out
from tinygrad5329.search.space import Architecture
from tinygrad5329.tensor import Tensor

__all__ = ["python_source"]

_NOT_STRUCTURE = ("device", "dtype")


def python_source(
    module: nn.Module,
    architecture: Architecture | None = None,
    name: str = "model",
    example: Tensor | None = None,
    drawn_by: Callable[[nn.Module], Any] | None = None,
) -> str:
    """A program that builds a module like this one, with new weights, by ordinary constructors.

    Parameters
    ----------
    module : Module
        Of the layers of ``nn`` and of ``search/networks``, in any nesting of containers.
    architecture : dict, optional
        Written above it, as a comment.
    name : str
        Of the variable.
    example : Tensor, optional
        A batch of inputs: run as a program, it then prints the summary of the module for inputs of that shape, and
        otherwise the module.
    drawn_by : callable, optional
        A function of this package that draws the weights, such as ``initialise_kaiming``; called on the module.

    Raises
    ------
    ValueError
        If a layer cannot be written: it is defined elsewhere, its arguments cannot be read off its attributes, its
        parameters are not float32, or it stands in two places. The message names it.

    Examples
    --------
    >>> print(python_source(nn.Sequential(nn.Linear(64, 10, bias=False), nn.Tanh())))
    from tinygrad5329 import nn
    <BLANKLINE>
    model = nn.Sequential(nn.Linear(64, 10, bias=False), nn.Tanh())
    <BLANKLINE>
    if __name__ == "__main__":
        print(model)
    <BLANKLINE>
    """
    if not name.isidentifier() or keyword.iskeyword(name):
        raise ValueError(f"python_source: expected a name for a variable, got {name!r}")
    writer = _Writer()
    writer.check(module)
    lines = laid_out(writer.expression(module, name), f"{name} = ")
    if drawn_by is not None:
        lines.append(f"{writer.name_of(drawn_by)}({name})")
    comment: list[str] = []
    if architecture is not None:
        comment = ["# The architecture:", *(f"# {line}" for line in json.dumps(architecture, indent=2).splitlines())]
    if example is None:
        program = f"    print({name})"
    else:
        writer.imports.add("import tinygrad5329 as tg")
        shape = ", ".join(map(str, example.shape))
        program = f"    print(tg.summary({name}, tg.zeros({shape})))"
    blocks = [writer.import_lines(), "\n".join([*comment, *lines]), f'if __name__ == "__main__":\n{program}']
    return "\n\n".join(blocks) + "\n"


class _Writer:
    """Makes expressions and remembers what they need imported."""

    def __init__(self) -> None:
        self.imports: set[str] = set()
        self._names: dict[str, set[str]] = {}

    def check(self, module: nn.Module) -> None:
        """Complain of what no constructor brings about."""
        seen: dict[int, str] = {}
        for path, each in module.named_modules(remove_duplicate=False):
            if id(each) in seen and any(True for _ in each.parameters()):
                raise ValueError(
                    f"{path}: it is the same layer as {seen[id(each)]}; source for shared layers is not written"
                )
            seen[id(each)] = path
        for path, parameter in module.named_parameters():
            if parameter.dtype != tg.float32:
                raise ValueError(
                    f"{path}: expected float32, got {parameter.dtype}; convert the module with .float() first"
                )

    def import_lines(self) -> str:
        standard = sorted(line for line in self.imports if line.startswith("from collections"))
        own = sorted(line for line in self.imports if line.startswith("import"))
        for room, names in sorted(self._names.items()):
            own += import_line(room, sorted(names))
        return "\n\n".join("\n".join(each) for each in (standard, own) if each)

    def name_of(self, thing: Any) -> str:
        """How a class or function of this package is called in the source."""
        room, name = thing.__module__, thing.__qualname__
        if room.split(".")[0] != "tinygrad5329" or "." in name:
            raise ValueError(
                f"{name}: source is written of what this package defines, and {room} does not belong to it"
            )
        if getattr(nn, name, None) is thing:
            self._names.setdefault("tinygrad5329", set()).add("nn")
            return f"nn.{name}"
        self._names.setdefault(room, set()).add(name)
        return str(name)

    def expression(self, module: nn.Module, path: str) -> Expression:
        """What builds the module."""
        kind = type(module)
        called = self.name_of(kind)
        if kind is nn.Sequential:
            children = [(key, self.expression(each, f"{path}.{key}")) for key, each in module.named_children()]
            if [key for key, _ in children] == [str(number) for number in range(len(children))]:
                return Call(called, tuple((None, each) for _, each in children))
            self.imports.add("from collections import OrderedDict")
            if all(key.isidentifier() and not keyword.iskeyword(key) for key, _ in children):
                return Call(called, ((None, Call("OrderedDict", tuple(children))),))
            return Call(called, ((None, Call("OrderedDict", ((None, Mapping(tuple(children))),))),))
        if isinstance(module, CellGraph):
            edges = [(key, self.expression(each, f"{path}.edges.{key}")) for key, each in module.edges.items()]
            return Call(called, ((None, str(module.nodes)), (None, Mapping(tuple(edges)))))
        return Call(called, tuple(self._arguments(module, path)))

    def _arguments(self, module: nn.Module, path: str) -> list[tuple[str | None, Expression]]:
        kind = type(module)
        arguments: list[tuple[str | None, Expression]] = []
        for name, parameter in inspect.signature(kind).parameters.items():
            if name in _NOT_STRUCTURE or parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                continue
            if not hasattr(module, name):
                raise ValueError(f"{path}: source cannot tell the argument {name!r} of {kind.__name__}, not kept by it")
            required = parameter.default is parameter.empty
            value = getattr(module, name)
            if isinstance(value, nn.Module):
                arguments.append((None if required else name, self.expression(value, f"{path}.{name}")))
                continue
            value = _plain(value, parameter)
            if required or value != parameter.default:
                arguments.append((None if required else name, _literal(value, f"{path}.{name}")))
        return arguments


def _plain(value: Any, parameter: inspect.Parameter) -> Any:
    """An attribute as the argument that it came from."""
    if type(parameter.default) is bool and (value is None or isinstance(value, Tensor)):
        return value is not None  # bias, which the module keeps as a parameter or as None
    sizes = isinstance(value, tuple) and len(set(value)) == 1
    if sizes and (type(parameter.default) is int or parameter.name == "kernel_size"):
        return value[0]
    return value[0] if sizes and parameter.name == "normalized_shape" and len(value) == 1 else value


def _literal(value: Any, path: str) -> str:
    if isinstance(value, str):
        return json.dumps(value)
    if value is None or isinstance(value, (bool, int, float)):
        return repr(value)
    if isinstance(value, tuple) and all(isinstance(each, (bool, int, float)) for each in value):
        return repr(tuple(value))
    raise ValueError(f"{path}: {value!r} cannot be written as Python source")
