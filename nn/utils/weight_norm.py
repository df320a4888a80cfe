"""Weight normalisation by a hook, the older form of `parametrizations.weight_norm`."""

from __future__ import annotations

import warnings
from typing import Any

from tinygrad5329.nn.module import Module
from tinygrad5329.nn.parameter import Parameter, is_lazy
from tinygrad5329.tensor import Tensor

__all__ = ["WeightNorm", "norm_except_dim", "remove_weight_norm", "scaled_direction", "weight_norm"]


def norm_except_dim(v: Tensor, pow: float = 2, dim: int = 0) -> Tensor:
    """The `pow`-norms over all dimensions but `dim`, with length 1 there; of everything for -1.

    Matches ``torch.norm_except_dim``.
    """
    if dim == -1:
        return v.norm(pow)
    others = tuple(i for i in range(v.ndim) if i != dim)
    return v.norm(pow, others, keepdim=True) if others else v.abs()


def scaled_direction(v: Tensor, g: Tensor, dim: int = 0) -> Tensor:
    """``g * v / |v|``, the norm over all dimensions but `dim`: the weight of Salimans and Kingma, arXiv:1602.07868."""
    return v * (g / norm_except_dim(v, 2, dim))


class WeightNorm:
    """The forward pre-hook that computes a weight from its length and direction."""

    def __init__(self, name: str, dim: int | None) -> None:
        self.name = name
        self.dim = -1 if dim is None else dim

    def compute_weight(self, module: Module) -> Tensor:
        """The weight for the present length and direction."""
        return scaled_direction(getattr(module, f"{self.name}_v"), getattr(module, f"{self.name}_g"), self.dim)

    @staticmethod
    def apply(module: Module, name: str, dim: int | None) -> WeightNorm:
        """Replace the parameter `name` of `module` by its length and its direction."""
        for hook in module._forward_pre_hooks.values():
            if isinstance(hook.function, WeightNorm) and hook.function.name == name:
                raise RuntimeError(f"Cannot register two weight_norm hooks on the same parameter {name}")
        norm = WeightNorm(name, dim)
        weight = getattr(module, name)
        if is_lazy(weight):
            raise ValueError(
                "The module passed to `WeightNorm` can't have uninitialized parameters. Make sure to run the dummy "
                "forward before applying weight normalization"
            )
        del module._parameters[name]
        module.register_parameter(f"{name}_g", Parameter(norm_except_dim(weight, 2, norm.dim).detach()))
        module.register_parameter(f"{name}_v", Parameter(weight.detach()))
        setattr(module, name, norm.compute_weight(module))
        module.register_forward_pre_hook(norm)
        return norm

    def remove(self, module: Module) -> None:
        """Give `module` its parameter back."""
        weight = self.compute_weight(module)
        delattr(module, self.name)
        del module._parameters[f"{self.name}_g"], module._parameters[f"{self.name}_v"]
        setattr(module, self.name, Parameter(weight.detach()))

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module))


def weight_norm(module: Module, name: str = "weight", dim: int = 0) -> Module:
    """Replace a parameter by its length `name_g` and direction `name_v`, from which every call computes it.

    The length is taken over all dimensions but `dim`; None takes it over all. RuntimeError if it is done already.
    Matches `torch.nn.utils.weight_norm`, which is deprecated in favour of `parametrizations.weight_norm`.
    """
    warnings.warn(
        "`torch.nn.utils.weight_norm` is deprecated in favor of `torch.nn.utils.parametrizations.weight_norm`.",
        FutureWarning,
        stacklevel=2,
    )
    WeightNorm.apply(module, name, dim)
    return module


def remove_weight_norm(module: Module, name: str = "weight") -> Module:
    """Undo `weight_norm`; ValueError if there is none. Matches `torch.nn.utils.remove_weight_norm`."""
    for key, hook in module._forward_pre_hooks.items():
        if isinstance(hook.function, WeightNorm) and hook.function.name == name:
            hook.function.remove(module)
            del module._forward_pre_hooks[key]
            return module
    raise ValueError(f"weight_norm of '{name}' not found in {module}")
