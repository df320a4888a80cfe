"""Wrappers that spread a module over devices, of which there is one here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinygrad5329.nn.module import Module

__all__ = ["DataParallel", "DistributedDataParallel"]


class DataParallel(Module):
    """Calls `module`, as PyTorch's does where there is no GPU.

    The state's names begin with ``module.``. RuntimeError if `device_ids` names any device. Matches
    `torch.nn.DataParallel`.
    """

    module: Module

    def __init__(
        self,
        module: Module,
        device_ids: Sequence[Any] | None = None,
        output_device: Any = None,
        dim: int = 0,
    ) -> None:
        super().__init__()
        if device_ids or output_device is not None:
            raise RuntimeError(
                f"DataParallel: there are no devices to spread over, got device_ids={device_ids} and "
                f"output_device={output_device}; leave both out"
            )
        self.module = module
        self.dim = dim
        self.device_ids: list[Any] = []

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        """Return what the module returns."""
        return self.module(*inputs, **kwargs)


class DistributedDataParallel(Module):
    """A name for scripts to import and to compare types with: ValueError when one is made.

    There is one process; PyTorch's raises the same without ``init_process_group``.
    """

    def __init__(self, module: Module, *args: Any, **kwargs: Any) -> None:
        raise ValueError(
            "DistributedDataParallel: there is no group of processes; test torch.distributed.is_initialized() first"
        )
