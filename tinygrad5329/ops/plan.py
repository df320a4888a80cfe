"""``Plan``: what a primitive saves for its gradient rules, and how they are called with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tinygrad5329.grad_mode import state
from tinygrad5329.ops.run import arrays_of, compiled
from tinygrad5329.tape import Version, tick
from tinygrad5329.tensor import Tensor

if TYPE_CHECKING:
    from tinygrad5329.ops.primitive import Primitive

__all__ = ["Plan", "Rule"]

Rule = Callable[..., Any]


class Plan:
    """What a primitive saves and how its rules are called, for one choice of inputs that need gradients.

    Made once for each such choice. The two hot steps, recording and pulling, are compiled from the names
    that the rules ask for, as ``collections.namedtuple`` compiles its constructor: going through the
    names for every operation would cost more than the operation.

    ``record(out, aux, params, owner, watched, *inputs, *arrays)`` makes the node of one run; a variadic
    primitive's inputs and arrays are passed as one sequence each.
    """

    __slots__ = (
        "calls", "guarded", "joint", "kinds", "needs", "positions", "pull", "pull_tensors", "record", "saves_arrays",
        "saves_outs",
    )  # fmt: skip

    def __init__(self, op: Primitive, mask: int, count: int) -> None:
        self.positions = tuple(i for i in range(count) if mask >> i & 1)
        self.needs = tuple(bool(mask >> i & 1) for i in range(count))
        rules, joint = op.rules, op.joint
        if not rules and joint is None and op.composite is None:
            raise RuntimeError(f"{op.name} has no gradient rule; detach() its inputs or avoid it")
        plain: list[tuple[Rule, tuple[str, ...]]] = []
        if joint is not None:
            plain = [(joint, _asks(joint))]
        elif rules:
            for i in self.positions:
                rule = rules[i] if i < len(rules) else None
                if rule is None:
                    raise RuntimeError(
                        f"{op.name}: the derivative for '{op.inputs[i]}' is not implemented; detach() it first"
                    )
                plain.append((rule, _asks(rule)))
        fast = op.kernels.raw
        raw = [(fast, _asks(fast))] if fast is not None else plain
        wanted = [name for _, names in [*raw, *plain] for name in names]
        if not plain:
            wanted += [f"*{op.inputs[0]}"] if op.variadic else op.inputs
        names = list(dict.fromkeys(name for name in wanted if name != "needs"))
        sources, kinds = zip(*[self._source(op, name) for name in names], strict=True) if names else ((), ())
        self.kinds = kinds
        self.guarded = tuple(
            dict.fromkeys(
                i for kind in kinds for i in (range(count) if kind == "all" else [kind]) if isinstance(i, int)
            )
        )
        self.saves_outs = "outs" in kinds
        self.saves_arrays = any(kind is not None for kind in kinds)
        self.record = self._compile_record(op, count, sources)
        #: What a pull calls: each rule and the positions of its arguments in what is saved (None for ``needs``).
        self.calls = [
            (rule, tuple([None if name == "needs" else names.index(name) for name in asks])) for rule, asks in raw
        ]
        self.joint = fast is not None or joint is not None
        self.pull = self._compile(raw, names, joint=self.joint)
        self.pull_tensors = self._compile(plain, names, joint=joint is not None) if plain else None

    def _compile_record(self, op: Primitive, count: int, sources: tuple[str, ...]) -> Callable[..., Any]:
        numbers = range(count)
        t = [f"t[{i}]" for i in numbers] if op.variadic else [f"t{i}" for i in numbers]
        recorded = "t, a" if op.variadic else ", ".join([*t, *_names_of(op, count)])
        lines = [
            f"def record(out, aux, p, owner, watched, {recorded}):",
            "node = new()",
            "node.op = op",
            "node.plan = plan",
            "node.seq = tick()",
            "node.hooks = node.specs = node.outputs = node.shapes = node.meta = None",
            "node.params = p",
            "node.shape = shape = out.shape",
            "node.dtype = out.dtype",
            f"node.edges = ({''.join(f'{t[i]}._node or {t[i]}, ' for i in self.positions)})",
            f"node.saved = ({''.join(f'{source}, ' for source in sources)})",
            "if watched: note(node, plan)",
        ]
        lines += self._guarding(op, count, t)
        if op.broadcasts:
            shapes = [f"{_names_of(op, count)[i]}.shape" for i in self.positions]
            unlike = " or ".join(f"{each} != shape" for each in shapes)
            lines.append(f"if {unlike}: node.shapes = [{', '.join(shapes)}]")
        lines.append("return node")
        scope: dict[str, Any] = {
            "new": op.node_type, "op": op, "plan": self, "tick": tick, "Version": Version,
            "version_of": version_of, "note": _note,
        }  # fmt: skip
        return compiled("record", "\n    ".join(lines), op, scope)

    def _guarding(self, op: Primitive, count: int, t: list[str]) -> list[str]:
        """Lines that note the versions of what was saved."""
        guards = [f"v{i}" for i in self.guarded]
        lines = []
        for i in self.guarded:
            if self.needs[i]:
                # Written out: what needs a gradient is a tensor.
                lines += [f"v{i} = {t[i]}._version", f"if v{i} is None: v{i} = {t[i]}._version = Version()"]
            else:
                lines.append(f"v{i} = version_of({t[i]})")
        if "out" in self.kinds:
            lines += ["v = Version()", "if owner is not None: owner._version = v"]
            guards.append("v")
        lines.append(f"node.guards = ({''.join(f'{v}, ' for v in guards)})")
        return lines

    @staticmethod
    def _source(op: Primitive, name: str) -> tuple[str, Any]:
        """The expression that saves `name`, and which array it saves: an input's position or a word."""
        if name in op.inputs:
            i = op.inputs.index(name)
            return ("tuple(a)", "all") if op.variadic else (f"a{i}", i)
        if name.startswith("*"):
            return "tuple(a)", "all"
        if name in ("out", "aux"):
            return name, name
        if name == "outs" and op.outputs > 1:
            return "aux", name
        if name in op.params:
            return f"p[{name!r}]", None
        base, _, what = name.rpartition("_")
        if op.variadic and name == f"{op.inputs[0]}_shapes":
            return "tuple([x.shape for x in a])", None
        if base in op.inputs and what in ("shape", "dtype"):
            return f"a{op.inputs.index(base)}.{what}", None
        raise TypeError(f"a rule of {op.name} asks for {name!r}, which is no input, parameter, out, outs or aux")

    def _compile(self, rules: list[tuple[Rule, tuple[str, ...]]], names: list[str], joint: bool) -> Callable[..., Any]:
        scope: dict[str, Any] = {"needs": self.needs, "select": self.positions}
        calls = []
        for number, (rule, asks) in enumerate(rules):
            scope[f"rule{number}"] = rule
            values = ["needs" if name == "needs" else f"s[{names.index(name)}]" for name in asks]
            calls.append(f"rule{number}({', '.join(['xp', 'g', *values])})")
        if joint:
            everything = len(self.positions) == len(self.needs)
            body = calls[0] if everything else f"(lambda r: [r[i] for i in select])({calls[0]})"
        else:
            body = f"({', '.join(calls)},)"
        return eval(f"lambda xp, g, s: {body}", scope)


def _note(node: Any, plan: Plan) -> None:
    """What tools want of a new node."""
    node.meta = state._scope
    if state._packer is not None:
        node.saved = state._packer(plan.kinds, arrays_of(node.saved))


#: Stands among the guards of a node for an input that is no tensor, so that guards and inputs stay aligned.
_CONSTANT = Version()


def version_of(t: Any) -> Version:
    """The version counter of an input, made if it has none yet."""
    if not isinstance(t, Tensor):
        return _CONSTANT
    version = t._version
    if version is None:
        version = t._version = Version()
    return version


def _names_of(op: Primitive, count: int) -> list[str]:
    """What compiled code calls the arrays of the inputs."""
    return [f"a[{i}]" for i in range(count)] if op.variadic else [f"a{i}" for i in range(count)]


def _asks(rule: Rule) -> tuple[str, ...]:
    """What a rule needs: the names of its parameters after ``xp`` and ``g``."""
    code = rule.__code__
    return code.co_varnames[2 : code.co_argcount]
