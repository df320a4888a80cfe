"""``torch.amp``: mixed precision, which this engine leaves out; losses and tensors keep their dtypes."""

from __future__ import annotations

from contextlib import ContextDecorator
from typing import Any

from tinygrad5329.backends.device import device as Device
from tinygrad5329.compat.notice import notice
from tinygrad5329.dtypes import dtype as DType

__all__ = ["GradScaler", "autocast", "is_autocast_enabled"]


class autocast(ContextDecorator):
    """A block or function in which PyTorch would compute in a lower precision; here it changes nothing.

    A notice says so, once, unless `enabled` is False or `dtype` is float32 or wider. ValueError if `device_type` is
    no string, RuntimeError if no such device type exists, TypeError if `dtype` is no dtype.
    """

    def __init__(
        self, device_type: str, dtype: DType | None = None, enabled: bool = True, cache_enabled: bool | None = None
    ) -> None:
        if not isinstance(device_type, str):
            raise ValueError(f"autocast: expected `device_type` of type `str`, got: `{type(device_type)}`")
        if Device(device_type).type != device_type:
            raise RuntimeError(f"autocast: device_type should be a type without an index, got {device_type!r}")
        if dtype is not None and not isinstance(dtype, DType):
            raise TypeError(f"autocast: expected `dtype` to be a dtype, got {dtype!r}")
        if enabled and (dtype is None or dtype.itemsize < 4):  # None means bfloat16 or float16
            notice("autocast: no lower precision is used here; tensors keep their dtypes, float32 stays float32")

    def __enter__(self) -> autocast:
        return self

    def __exit__(self, *error: object) -> None:
        """Leaves an error to go on."""


def is_autocast_enabled(device_type: str | None = None) -> bool:
    """False."""
    return False


class GradScaler:
    """PyTorch's loss scaler in its disabled state, which is its only one here: nothing is below float32.

    A notice says so, once, if it was to be enabled; so does PyTorch where there is no CUDA.
    """

    def __init__(
        self,
        device: str = "cuda",
        init_scale: float = 65536.0,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        Device(device)
        if enabled:
            notice("GradScaler: no lower precision is used here, so losses need no scaling. Disabling.")

    def scale(self, outputs: Any) -> Any:
        """`outputs` as they are."""
        return outputs

    def unscale_(self, optimizer: Any) -> None:
        """Gradients are not scaled."""

    def step(self, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        """``optimizer.step(*args, **kwargs)``."""
        return optimizer.step(*args, **kwargs)

    def update(self, new_scale: Any = None) -> None:
        """There is no scale."""

    def get_scale(self) -> float:
        """1.0."""
        return 1.0

    def is_enabled(self) -> bool:
        """False."""
        return False

    def state_dict(self) -> dict[str, Any]:
        """{}, as PyTorch's when disabled."""
        return {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes nothing, as PyTorch's when disabled."""
