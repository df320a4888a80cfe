"""``Traced``: an array that tells the recorder what is done with it.

While a step is recorded, every tensor's array looks like this to whoever asks. It is an `ndarray` in all
respects, so that the engine runs as it always does; but what NumPy computes with it is noted in the program,
and what takes its values out into Python (``if``, ``item``, ``print``) becomes a guard or a refusal.
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["Box", "Traced", "plain"]

_asarray = np.asarray


class Box:
    """A value that travels from a forward to its rule, with the variable that holds it."""

    __slots__ = ("value", "var")

    def __init__(self, value: Any, var: Any) -> None:
        self.value = value
        self.var = var


class Traced(np.ndarray):
    """An array with the variable of the program that holds it, and the recorder that listens."""

    _plain: Any = None
    _var: Any = None
    _recorder: Any = None
    #: For a 0-d array that was made of a NumPy scalar, and that nobody needs as an array yet: the scalar, traced.
    _scalar: Any = None

    @staticmethod
    def of(value: Any, var: Any, recorder: Any) -> Traced:
        """`value`, an array or a NumPy scalar, as the content of `var`."""
        made = _asarray(value).view(Traced)
        made._plain, made._var, made._recorder = value, var, recorder
        return made

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        function = ufunc if method == "__call__" else getattr(ufunc, method)
        recorder = _listening((inputs, kwargs))
        if recorder is None:
            return function(*plain(inputs), **plain(kwargs))
        out = kwargs.get("out")
        if out is not None and len(out) == 1 and isinstance(plain(out[0]), np.generic):
            # Python writes `scalar += 1` so, and means a new scalar.
            del kwargs["out"]
        return recorder.call(function, inputs, kwargs, effect="out" in kwargs or method == "at")

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        recorder = _listening((args, kwargs))
        if recorder is None or func.__name__ in _ABOUT:
            return func(*plain(args), **plain(kwargs))
        return recorder.call(func, args, kwargs, effect="out" in kwargs or func.__name__ in _WRITING)


#: Functions of shapes, dtypes and addresses, which a guard holds already.
_ABOUT = {
    "shape", "ndim", "size", "may_share_memory", "shares_memory", "result_type", "can_cast", "min_scalar_type",
    "iscomplexobj", "isrealobj",
}  # fmt: skip
_WRITING = frozenset(["copyto", "put", "place", "putmask", "fill_diagonal", "put_along_axis"])


def plain(value: Any) -> Any:
    """`value` with the arrays themselves in place of traced ones."""
    kind = type(value)
    if kind is Traced:
        return _asarray(value) if value._plain is None else value._plain
    if kind is Box:
        return value.value
    if kind is tuple:
        return tuple([plain(each) for each in value])
    if kind is list:
        return [plain(each) for each in value]
    if kind is dict:
        return {key: plain(each) for key, each in value.items()}
    if kind is slice:
        return slice(plain(value.start), plain(value.stop), plain(value.step))
    if hasattr(kind, "_fields") and not hasattr(value, "__dict__"):
        return tuple.__new__(kind, map(plain, value))
    return value


def _listening(value: Any) -> Any:
    """The recorder that listens to the traced arrays in `value`, if one does at the moment."""
    for each in value.values() if isinstance(value, dict) else value:
        if type(each) is Traced:
            if each._recorder is not None and each._recorder.listens():
                return each._recorder
        elif isinstance(each, (tuple, list, dict)):
            found = _listening(each)
            if found is not None:
                return found
    return None


def _method(name: str, writes: bool) -> Any:
    def traced(self: Traced, *args: Any, **kwargs: Any) -> Any:
        recorder = _listening((self, *args, kwargs))
        if recorder is None:
            return getattr(plain(self), name)(*plain(args), **plain(kwargs))
        if name == "__getitem__" and type(args[0]) is tuple and not args[0]:
            if self._scalar is not None:
                return self._scalar
            if isinstance(self._plain, np.generic):
                return self
        return recorder.method(self, name, args, kwargs, writes or kwargs.get("out") is not None)

    traced.__name__ = name
    return traced


def _attribute(name: str) -> Any:
    def traced(self: Traced) -> Any:
        recorder = _listening((self,))
        return getattr(plain(self), name) if recorder is None else recorder.attribute(self, name)

    return property(traced)


def _about(name: str) -> Any:
    return property(lambda self: getattr(plain(self), name))


def _memory(name: str) -> Any:
    def traced(self: Traced) -> Any:
        recorder = _listening((self,))
        if recorder is not None:
            recorder.refuse(f"{name} of an array is used")
        return getattr(_asarray(plain(self)), name)

    return property(traced)


def _decision(name: str) -> Any:
    """A Python value that control flow may depend on: the same value is a guard of the replay."""

    def traced(self: Traced) -> Any:
        recorder = _listening((self,))
        value = getattr(_asarray(plain(self)), name)()
        if recorder is not None:
            recorder.decide(self, name, value)
        return value

    return traced


def _reading(name: str, spoken: str) -> Any:
    """A value that leaves the engine, after which nobody knows what depends on it."""

    def traced(self: Traced, *args: Any, **kwargs: Any) -> Any:
        recorder = _listening((self,))
        if recorder is not None:
            recorder.refuse(f"{spoken} reads a computed value into Python")
        return getattr(_asarray(plain(self)), name)(*args, **kwargs)

    return traced


for _name in [
    "all", "any", "argmax", "argmin", "argsort", "astype", "choose", "clip", "compress", "conj", "conjugate",
    "copy", "cumprod", "cumsum", "diagonal", "dot", "flatten", "max", "mean", "min", "nonzero", "prod", "ravel",
    "repeat", "reshape", "round", "searchsorted", "squeeze", "std", "sum", "swapaxes", "take", "trace",
    "transpose", "var", "view", "__getitem__",
]:  # fmt: skip
    setattr(Traced, _name, _method(_name, writes=False))
for _name in ["__setitem__", "fill", "put", "sort", "partition", "itemset"]:
    setattr(Traced, _name, _method(_name, writes=True))
for _name in ("T", "mT", "real", "imag"):
    setattr(Traced, _name, _attribute(_name))
for _name in ("base", "flags", "__array_interface__"):
    setattr(Traced, _name, _about(_name))
for _name in ("__bool__", "__int__", "__index__"):
    setattr(Traced, _name, _decision(_name))
for _name, _spoken in {
    "item": "item()", "tolist": "tolist()", "__float__": "float()", "__complex__": "complex()", "tobytes": "tobytes()",
    "__iter__": "a loop over elements", "__contains__": "`in`", "__repr__": "printing", "__str__": "printing",
    "__format__": "printing", "__reduce__": "pickling", "__reduce_ex__": "pickling", "__deepcopy__": "a deep copy",
    "__copy__": "a copy", "__array__": "__array__()", "__dlpack__": "DLPack", "tofile": "tofile()",
}.items():  # fmt: skip
    setattr(Traced, _name, _reading(_name, _spoken))
# The methods that nobody above has thought of, and the ways past NumPy to the memory.
for _name in dir(np.ndarray):
    if not _name.startswith("__") and callable(getattr(np.ndarray, _name)) and _name not in vars(Traced):
        setattr(Traced, _name, _reading(_name, f"{_name}()"))
for _name in ("data", "ctypes", "flat", "__array_struct__"):
    setattr(Traced, _name, _memory(_name))
