"""What the update kernels know of a parameter group's arrays, remembered from step to step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from tinygrad5329.ops.update.bundle import Bundle, joined
from tinygrad5329.storage import root
from tinygrad5329.tensor import Tensor, bump_versions

__all__ = ["Found", "Member", "Roster", "count_up", "mark_written", "paired"]

Array = np.ndarray[Any, Any]
State = dict[str, Any]
#: Gives a parameter's state, complete, and whether it was made now.
Begin = Callable[[Tensor, dict[str, Any]], tuple[State, bool]]

#: The dtypes that compiled kernels take.
_COMPILED = (np.dtype(np.float32), np.dtype(np.float64))


class Member:
    """A parameter and the tensors of its state, with the arrays that they had when it was made.

    Attributes
    ----------
    arrays : tuple of array
        The parameter's, then those of its state.
    flats : tuple of array or None
        The same memory in one dimension; None where the arrays have no common order.
    order : {"C", "F"}
        The order of `flats`, in which the gradient is to be read.
    compiles : bool
        Whether compiled kernels can take `flats`.
    scalars : sequence of Tensor
        The numbers in its state.
    is_new : bool
        The state was made for this step.
    bundle : Bundle or None
        With whose states its own lies together.
    written : tuple of Tensor
        What a step writes to.
    """

    __slots__ = (
        "_array", "_param", "_state", "arrays", "bundle", "compiles", "dtype", "flats", "is_new", "order", "scalars",
        "shape", "written",
    )  # fmt: skip

    def __init__(self, param: Tensor, tensors: Sequence[Tensor], scalars: Sequence[Tensor] = ()) -> None:
        self._param = param
        self._array = array = param._array
        self.arrays = arrays = (array, *(t._array for t in tensors))
        self.shape, self.dtype = array.shape, array.dtype
        self.scalars = scalars
        self.is_new = False
        self.bundle: Bundle | None = None
        self.written = (param, *tensors, *scalars)
        self._state: tuple[tuple[str, Tensor, Array], ...] = ()
        self.order: Any = "C"
        self.flats: tuple[Array, ...] | None = None
        if all(a.shape == self.shape for a in arrays):
            if all(a.flags.c_contiguous for a in arrays):
                self.flats = tuple(a.ravel() for a in arrays)
            elif all(a.flags.f_contiguous for a in arrays):
                self.order = "F"
                self.flats = tuple(a.ravel("F") for a in arrays)
        self.compiles = (
            self.flats is not None
            and self.dtype in _COMPILED
            and all(a.dtype == self.dtype and a.flags.carray for a in self.flats)
        )

    def settle(self, bundle: Bundle) -> None:
        """Take over the arrays of the state, which have been put into `bundle`."""
        self.bundle = bundle
        self._state = tuple((key, t, t._array) for key, t, _ in self._state)
        self.arrays = (self._array, *(t._array for t in self.written[1 : len(self.arrays)]))
        self.flats = tuple(a.ravel() for a in self.arrays)

    def remember(self, keys: Iterable[str], state: State) -> None:
        """Note that the tensors were found under `keys` of the parameter's `state`."""
        self._state = tuple((key, state[key], state[key]._array) for key in keys)

    def holds(self, param: Tensor, states: Any) -> bool:
        """Whether nothing has moved: the same parameter, with the same array and the same state."""
        if param is not self._param or param._array is not self._array:
            return False
        if self._state:
            state = states.get(param)
            if state is None:
                return False
            for key, tensor, array in self._state:
                if state.get(key) is not tensor or tensor._array is not array:
                    return False
        return True


#: Members whose parameters have gradients, each with its gradient's array.
Found = list[tuple[Member, Array]]


class Roster:
    """The members of a group, looked at anew where a parameter or a tensor of the state was exchanged.

    Parameters
    ----------
    keys : tuple of str
        Under which the state has the tensors that the kernel updates, in its order.
    scalars : tuple of str
        Under which it has numbers, the count of steps first.
    """

    __slots__ = ("_members", "_scalars", "has_new", "keys")

    def __init__(self, keys: tuple[str, ...], scalars: tuple[str, ...] = ()) -> None:
        self.keys = keys
        self.has_new = False
        self._scalars = scalars
        self._members: list[Member | None] = []

    def find(self, group: dict[str, Any], states: Any, begin: Begin) -> Found | None:
        """The members of `group` whose parameters have gradients; None if one is complex, which is not for kernels.

        ``begin(parameter, group)`` returns a parameter's state, complete, and whether it was made now; it is asked
        where something is not as remembered. `has_new` then says whether any was.

        Raises
        ------
        RuntimeError
            A gradient has another shape than its parameter, whose data was exchanged after the backward pass.
        """
        params, members = group["params"], self._members
        self.has_new = False
        if len(members) == len(params):
            found: Found = []
            for param, member in zip(params, members):  # noqa: B905 - strict=True takes as long as the loop
                grad = param._grad
                if grad is None:
                    continue
                array = grad._array
                if member is None or array.shape != member.shape or not member.holds(param, states):
                    break
                found.append((member, array))
            else:
                return found
        else:
            self._members = [None] * len(params)
        if any(p._array.dtype.kind == "c" for p in params):
            return None
        return self._look_anew(group, states, begin)

    def _look_anew(self, group: dict[str, Any], states: Any, begin: Begin) -> Found:
        for param in group["params"]:
            # Before any state is made, which a step that fails would leave behind.
            if param._grad is not None:
                _check_shape(param._array.shape, param._grad)
        for known in self._members:
            if known is not None:
                known.is_new = False
        found: Found = []
        for number, (param, member) in enumerate(zip(group["params"], self._members, strict=True)):
            grad = param._grad
            if grad is not None:
                if member is None or not member.holds(param, states):
                    member = self._members[number] = self._look_at(param, group, begin)
                found.append((member, grad._array))
        if self.has_new:
            self._join([member for member, _ in found if member.is_new])
        return found

    def _join(self, new: list[Member]) -> None:
        """Put the states of new members together, which nobody has seen yet."""
        # Parameters that share memory are to be updated one after the other.
        sharing = Counter(id(root(member._array)) for member in new)
        new = [m for m in new if m.compiles and m.order == "C" and sharing[id(root(m._array))] == 1]
        for bundle, numbers in joined([member.written[1 : len(member.arrays)] for member in new]):
            for number in numbers:
                new[number].settle(bundle)
            bundle.columns = tuple(zip(*(new[number].flats for number in numbers), strict=True))  # type: ignore[arg-type]

    def _look_at(self, param: Tensor, group: dict[str, Any], begin: Begin) -> Member:
        state, is_new = begin(param, group)
        member = Member(param, [state[key] for key in self.keys], [state[key] for key in self._scalars])
        member.remember((*self.keys, *self._scalars), state)
        # A parameter that occurs twice makes its first step twice, as in PyTorch.
        if is_new or any(other._param is param for other in self._members if other is not None and other.is_new):
            member.is_new = self.has_new = True
        return member


def paired(member: Member, grad: Tensor) -> tuple[Member, Array]:
    """A member and its gradient's array; RuntimeError unless the shapes agree."""
    _check_shape(member.shape, grad)
    return member, grad._array


def _check_shape(shape: tuple[int, ...], grad: Tensor) -> None:
    if grad._array.shape != shape:
        raise RuntimeError(
            f"optimizer step: a gradient of shape {grad._array.shape} belongs to a parameter of shape {shape}; was "
            "the parameter's data exchanged after backward()?"
        )


def count_up(found: Found) -> dict[float, Found]:
    """Count each member's steps up by one, in place; the members by the number of their step."""
    steps: dict[float, Found] = {}
    for pair in found:
        count = pair[0].scalars[0]._array
        step = count.item() + 1.0
        count.fill(step)
        if step in steps:
            steps[step].append(pair)
        else:
            steps[step] = [pair]
    return steps


def mark_written(found: Found, op: str) -> None:
    """Note that a step of `op` wrote to the members' parameters and state."""
    bump_versions([t for member, _ in found for t in member.written], op)
