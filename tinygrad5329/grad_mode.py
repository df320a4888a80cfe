"""Whether operations are recorded: ``no_grad``, ``enable_grad``, ``set_grad_enabled``, ``inference_mode``.

The state belongs to a thread. Each class works as a context manager and as a decorator of functions
and generator functions, as in PyTorch.
"""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable, Generator
from typing import Any, TypeVar

__all__ = [
    "enable_grad",
    "inference_mode",
    "is_grad_enabled",
    "is_inference_mode_enabled",
    "no_grad",
    "set_grad_enabled",
]

F = TypeVar("F", bound=Callable[..., Any])


class _State(threading.local):
    """What every op looks at; one object, so that the hot path reads one attribute."""

    grad = True
    inference = False
    #: Whether any of the three below is set: the hot path looks at this one alone.
    watched = False
    _scope = _packer = _observer = None

    @property
    def scope(self) -> Any:
        """What new nodes take as their ``meta``: where in a model the operation runs, if a tool asked for it."""
        return self._scope

    @scope.setter
    def scope(self, value: Any) -> None:
        self._scope = value
        self._look()

    @property
    def packer(self) -> Any:
        """Takes over what nodes save (autograd.graph); None unless hooks are set."""
        return self._packer

    @packer.setter
    def packer(self, value: Any) -> None:
        self._packer = value
        self._look()

    @property
    def observer(self) -> Any:
        """Called as ``(op, inputs, arrays, params, out)`` for every operation as it runs; None unless a tool looks."""
        return self._observer

    @observer.setter
    def observer(self, value: Any) -> None:
        self._observer = value
        self._look()

    def _look(self) -> None:
        self.watched = not (self._scope is self._packer is self._observer is None)


state = _State()


def is_grad_enabled() -> bool:
    """Whether operations are recorded in this thread (``torch.is_grad_enabled``)."""
    return state.grad


def is_inference_mode_enabled() -> bool:
    """Whether this thread is inside ``inference_mode`` (``torch.is_inference_mode_enabled``)."""
    return state.inference


class _Mode:
    """A context manager that is also a decorator; subclasses say what entering does."""

    def __init__(self) -> None:
        self._outer: list[tuple[bool, bool]] = []

    def __enter__(self) -> None:
        self._outer.append((state.grad, state.inference))
        self._apply()

    def __exit__(self, *exc: object) -> None:
        state.grad, state.inference = self._outer.pop()

    def _apply(self) -> None:
        raise TypeError("this is the base of the grad modes; use no_grad, enable_grad or set_grad_enabled")

    def _clone(self) -> _Mode:
        return type(self)()

    def __call__(self, function: F) -> F:
        if inspect.isclass(function):
            raise TypeError(
                f"{type(self).__name__}: cannot decorate the class {function.__name__}; decorate its methods"
            )
        wrapper = self._wrap_generator(function) if inspect.isgeneratorfunction(function) else None
        if wrapper is None:

            @functools.wraps(function)
            def wrapper(*args: Any, **kwargs: Any) -> Any:
                with self._clone():
                    return function(*args, **kwargs)

        return wrapper  # type: ignore[return-value]

    def _wrap_generator(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The mode holds while the generator runs, and not while its consumer does."""

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
            generator = function(*args, **kwargs)
            resume: Callable[[], Any] = functools.partial(next, generator)
            try:
                while True:
                    try:
                        with self._clone():
                            item = resume()
                    except StopIteration as stop:
                        return stop.value
                    try:
                        sent = yield item
                        resume = functools.partial(generator.send, sent)
                    except GeneratorExit:
                        raise
                    except BaseException as error:
                        resume = functools.partial(generator.throw, error)
            finally:
                with self._clone():
                    generator.close()

        return wrapper


class _BareDecorator(_Mode):
    """Modes without arguments may also be written ``@no_grad``, without the brackets."""

    def __new__(cls, function: Any = None) -> Any:
        mode = super().__new__(cls)
        if function is None:
            return mode
        mode.__init__()  # type: ignore[misc]
        return mode(function)

    def __init__(self, function: Any = None) -> None:
        super().__init__()


class no_grad(_BareDecorator):
    """Operations inside are not recorded (``torch.no_grad``).

    >>> import tinygrad5329 as tg
    >>> x = tg.ones(2, requires_grad=True)
    >>> with tg.no_grad():
    ...     y = x * 2
    >>> y.requires_grad
    False
    """

    def _apply(self) -> None:
        state.grad = False


class enable_grad(_BareDecorator):
    """Operations inside are recorded, also within ``no_grad`` (``torch.enable_grad``)."""

    def _apply(self) -> None:
        state.grad = True


class set_grad_enabled(_Mode):
    """Switch recording on or off, at once or for a block (``torch.set_grad_enabled``)."""

    def __init__(self, mode: bool) -> None:
        super().__init__()
        self.mode = bool(mode)
        self._before = (state.grad, state.inference)
        state.grad = self.mode

    def __enter__(self) -> None:
        self._outer.append(self._before)
        state.grad = self.mode

    def _clone(self) -> _Mode:
        return _Set(self.mode)

    def __call__(self, function: F) -> F:
        state.grad, state.inference = self._before
        return super().__call__(function)


class _Set(_Mode):
    """``set_grad_enabled`` for the inside of a decorated function: nothing happens before it is entered."""

    def __init__(self, mode: bool) -> None:
        super().__init__()
        self.mode = mode

    def _apply(self) -> None:
        state.grad = self.mode


class inference_mode(_Mode):
    """``no_grad`` for code that will never need gradients of what it computes (``torch.inference_mode``).

    Unlike PyTorch's, tensors made inside are ordinary tensors: there is no cheaper kind to make.
    """

    def __new__(cls, mode: Any = True) -> Any:
        made = super().__new__(cls)
        if callable(mode):
            made.__init__(True)  # type: ignore[misc]
            return made(mode)
        return made

    def __init__(self, mode: Any = True) -> None:
        super().__init__()
        self.mode = mode is not False

    def _apply(self) -> None:
        state.grad, state.inference = not self.mode, self.mode

    def _clone(self) -> _Mode:
        return inference_mode(self.mode)
