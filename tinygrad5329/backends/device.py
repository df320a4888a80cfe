"""Devices: where a tensor's array lives. The NumPy backend has one, ``cpu``."""

from __future__ import annotations

from typing import Any

__all__ = ["as_device", "device"]

_KNOWN = ("cpu", "cuda", "mps", "meta", "xpu")


class device:
    """The place of a tensor (``torch.device``): a type such as ``"cpu"`` and perhaps an index.

    >>> device("cpu")
    device(type='cpu')
    >>> device("cuda:1").index
    1
    """

    __slots__ = ("index", "type")

    index: int | None
    type: str

    def __init__(self, type: Any, index: int | None = None) -> None:
        if isinstance(type, device):
            type, index = type.type, type.index
        if not isinstance(type, str):
            raise TypeError(f"device: expected a string such as 'cpu', got {type!r}")
        kind, colon, number = type.partition(":")
        if kind not in _KNOWN or (colon and not number.isdecimal()):
            raise RuntimeError(f"Expected one of {', '.join(_KNOWN)} device type at start of device string: {type}")
        if colon and index is not None:
            raise RuntimeError(f"device: type should not include an index because index was passed: {type}")
        self.type = kind
        self.index = int(number) if colon else index

    def __enter__(self) -> device:
        as_device(self)
        return self

    def __exit__(self, *error: Any) -> None:
        pass

    def __repr__(self) -> str:
        return f"device(type={self.type!r}" + (f", index={self.index})" if self.index is not None else ")")

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __reduce__(self) -> Any:
        return device, (str(self),)


CPU = device("cpu")


class NoCudaError(AssertionError, RuntimeError):
    """PyTorch without CUDA raises AssertionError for a tensor there, and RuntimeError where it loads one."""


def as_device(value: Any) -> device:
    """The device that `value` names, checked to be one that this engine can put a tensor on."""
    if value is None or value is CPU:
        return CPU
    found = value if isinstance(value, device) else device(value)
    if found.type != "cpu":
        problem = (
            f"no backend for device '{found}': this engine computes with NumPy on 'cpu'. "
            "Test tg.cuda.is_available() before you choose a device"
        )
        if found.type == "cuda":
            raise NoCudaError(f"Torch not compiled with CUDA enabled: {problem}")
        raise RuntimeError(problem)
    return CPU
