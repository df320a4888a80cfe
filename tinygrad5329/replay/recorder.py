"""``Recorder``: writes down what a step does while it runs, and why it could not be replayed."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np

from tinygrad5329.replay.array_recorder import ArrayRecorder, users_line
from tinygrad5329.replay.symbols import FixedTensor, GivenTensor, GradientOf, Made, Step, Var
from tinygrad5329.replay.traced import Traced, plain
from tinygrad5329.tensor import Tensor

__all__ = ["ARRAY", "GRAD", "Recorder"]

_asarray = np.asarray
#: The slots of a tensor themselves, which have stand-ins during a recording.
ARRAY: Any = Tensor.__dict__["_array"]
GRAD: Any = Tensor.__dict__["_grad"]


class Recorder(ArrayRecorder):
    """The program of one run of a step, as far as it has got.

    Parameters
    ----------
    given : dict
        The tensors and arrays among the arguments, by identity, with their paths.
    watched : dict
        The other tensors that the guards watch, by identity.

    Attributes
    ----------
    outside : dict
        The tensors from outside the step that it came upon, by their symbols.
    grads_at_start : dict
        Of which of them the gradient mattered, and whether it was None.
    bumps : dict
        How often the step itself wrote to them.
    """

    def __init__(self, given: dict[int, tuple[Any, str]], watched: dict[int, Tensor]) -> None:
        super().__init__(given)
        self.watched = watched
        self.outside: dict[Any, Tensor] = {}
        self.grads_at_start: dict[Any, bool] = {}
        self.bumps: dict[Any, int] = {}
        self._seen: dict[int, Any] = {}
        self._read: dict[int, Var] = {}
        self._made: dict[int, tuple[Any, Var]] = {}
        self._wrapped: dict[int, tuple[Tensor, Made]] = {}
        self._gradients: dict[int, tuple[Tensor, Any]] = {}
        self._versions: dict[Any, int] = {}

    # --- tensors -------------------------------------------------------------------------------------

    def _is_made(self, t: Tensor) -> bool:
        entry = self._made.get(id(t))
        return entry is not None and entry[0]() is t

    def get_array(self, t: Tensor) -> Any:
        """The array of a tensor, traced."""
        value = ARRAY.__get__(t)
        if self._is_made(t) or id(t) in self._read:
            known = self._known.get(id(value))
            if known is not None:
                return known
        if self._is_made(t):
            self.refuse("a tensor's memory was replaced in a way that cannot be followed")
            return value
        source = self.source(t)
        var = self.new("w")
        self.steps.append(Step("read", source, outs=var))
        self._read[id(t)] = var
        return self._listen(value, var)

    def set_array(self, t: Tensor, value: Any) -> None:
        """A tensor gets another array; for a new one, its first."""
        try:
            ARRAY.__get__(t)
            is_new = False
        except AttributeError:
            is_new = True
        var = self.symbol(value)
        array = plain(value)
        if not isinstance(array, np.ndarray):
            array = _asarray(array)
            if isinstance(value, Traced):
                self.array_of_scalar(array, value)
        ARRAY.__set__(t, array)
        if is_new or self._is_made(t):
            self._made[id(t)] = weakref.ref(t), var
            if id(t) in self._wrapped:
                self.refuse("a tensor that the step hands out gets other memory")
            return
        self.steps.append(Step("array", None, (self.source(t), var), effect=True, where=users_line()))
        self._read[id(t)] = var

    def source(self, t: Tensor) -> Any:
        """How the replay reaches a tensor from outside the step."""
        found = self._seen.get(id(t))
        if found is not None:
            return found
        if id(t) in self.given:
            found = GivenTensor(self.given[id(t)][1])
        else:
            found = FixedTensor(t, len(self._seen))
            if id(t) not in self.watched:
                self.refuse(
                    f"a tensor of shape {tuple(ARRAY.__get__(t).shape)} is reached in a way that is not watched: "
                    "pass it as an argument, or name what holds it in the function"
                )
        return self._enter(t, found)

    def _enter(self, t: Tensor, found: Any) -> Any:
        self._seen[id(t)] = found
        self.outside[found] = t
        self._versions[found] = 0 if t._version is None else t._version.count
        if t._node is not None:
            self.refuse("a tensor that carries a graph from before the step is used")
        if t._hooks or t.__dict__.get("_post_accumulate_grad_hooks"):
            self.refuse("a tensor with hooks is used")
        return found

    def tensor(self, t: Tensor) -> Any:
        """The symbol of a tensor object that the program hands out."""
        if not self._is_made(t):
            return self.source(t)
        if id(t) not in self._wrapped:
            made = Made(len(self._wrapped) + 1)
            self._wrapped[id(t)] = t, made
            if type(t) is not Tensor:
                self.refuse(f"a {type(t).__name__} is made in the step")
            self.steps.append(Step("wrap", _frozen(self, t), (self.symbol(self.get_array(t)),), outs=made))
        return self._wrapped[id(t)][1]

    def get_grad(self, t: Tensor) -> Any:
        """The gradient of a tensor."""
        value = GRAD.__get__(t)
        if self._is_made(t):
            return value
        entry = self._gradients.get(id(t))
        if entry is None:
            source = self.source(t)
            self.grads_at_start[source] = value is None
            self._gradients[id(t)] = t, value
            if value is not None and id(value) not in self._seen:
                self._enter(value, GradientOf(source))
        elif entry[1] is not value:
            self.refuse("a gradient is read that an optimizer has replaced")
        return value

    def set_grad(self, t: Tensor, value: Any) -> None:
        """A tensor gets a gradient, or loses it."""
        if not self._is_made(t):
            symbol = None if value is None else self.tensor(value)
            self.steps.append(Step("grad", None, (self.source(t), symbol), effect=True, where=users_line()))
            self._gradients[id(t)] = t, value
        GRAD.__set__(t, value)

    # --- what runs live ------------------------------------------------------------------------------

    def live(self, what: Any, function: Any, args: Any, kwargs: Any, label: str) -> Any:
        """Call something that the replay will call too, such as ``optimizer.step``.

        `what` is how: a function, or an object and the name of its method, which is looked up each time.
        """
        symbols = self.symbol(tuple(args)), self.symbol(kwargs)
        if any(callable(each) and not isinstance(each, Tensor) for each in (*args, *kwargs.values())):
            self.refuse(f"{label} is called with a function")
        self._settle_versions()
        with self.deaf():
            result = function(*args, **kwargs)
        self.steps.append(Step("live", what, *symbols, effect=True, where=users_line(), label=label))
        if result is not None:
            self.refuse(f"{label} returns a value")
        # It may have given tensors other arrays.
        read = set(self._read.values())
        self._known = {key: traced for key, traced in self._known.items() if traced._var not in read}
        self._read.clear()
        self._note_versions()
        return result

    def _settle_versions(self) -> None:
        for source, t in self.outside.items():
            count = 0 if t._version is None else t._version.count
            if count != self._versions[source]:
                self.bumps[source] = self.bumps.get(source, 0) + 1

    def _note_versions(self) -> None:
        for source, t in self.outside.items():
            self._versions[source] = 0 if t._version is None else t._version.count

    # --- the end -------------------------------------------------------------------------------------

    def finish(self, result: Any) -> Any:
        """What the step returned as symbols, after a last look at what it left behind."""
        if self.refusal is not None:
            return None
        with self.deaf():
            symbols = self._returned(result)
            self._settle_versions()
            for source, t in self.outside.items():
                if not isinstance(source, GradientOf) and t._node is not None:
                    self.refuse("a tensor from outside was written in place with gradients recorded")
            del result
            self._look_for_leaks()
            return symbols

    def _returned(self, value: Any) -> Any:
        if isinstance(value, Tensor):
            return self.tensor(value)
        if isinstance(value, Traced):
            return self.symbol(value)
        if type(value) in (tuple, list):
            return type(value)(self._returned(each) for each in value)
        if type(value) is dict:
            return {key: self._returned(each) for key, each in value.items()}
        if value is not None and not isinstance(value, (bool, int, float, complex, str)):
            self.refuse(f"the step returns a {type(value).__name__}")
        return value

    def _look_for_leaks(self) -> None:
        handed = {id(t) for t, _ in self._wrapped.values()}
        for t, _ in self._wrapped.values():
            if t._view is not None:
                handed.add(id(t._view.base))

        def left() -> list[Tensor]:
            alive = [ref() for ref, _ in self._made.values()]
            return [t for t in alive if t is not None and id(t) not in handed]

        if left():
            gc.collect()
            for t in left()[:1]:
                self.refuse(f"a tensor of shape {tuple(t.shape)} that the step makes is kept outside: return it")


def _frozen(recorder: Recorder, t: Tensor) -> Any:
    """What the replay puts in place of a handed-out tensor's graph: its name, or None where it has none."""
    node = t.grad_fn
    if node is None:
        if t._rg:
            recorder.refuse("a new leaf that requires grad is handed out")
        return None
    seen, stack = set(), [node]
    while stack:
        each = stack.pop()
        if each.saved is None:
            return node.name()
        for edge in each.edges:
            following = getattr(edge, "node", edge)
            if not isinstance(following, Tensor) and id(following) not in seen:
                seen.add(id(following))
                stack.append(following)
    recorder.refuse("a tensor is handed out whose graph is still needed: call backward() inside, or detach() it")
    return None
