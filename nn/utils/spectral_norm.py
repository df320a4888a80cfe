"""Spectral normalisation by a hook, the older form of `parametrizations.spectral_norm`."""

from __future__ import annotations

from typing import Any

from tinygrad5329.creation import empty
from tinygrad5329.grad_mode import no_grad
from tinygrad5329.nn import functional as F
from tinygrad5329.nn.module import Module
from tinygrad5329.nn.parameter import Parameter, is_lazy
from tinygrad5329.tensor import Tensor

__all__ = ["SpectralNorm", "as_matrix", "output_dim", "random_direction", "remove_spectral_norm", "spectral_norm"]


def as_matrix(weight: Tensor, dim: int) -> Tensor:
    """`weight` with `dim` as the rows and all else as the columns."""
    return weight.movedim(dim, 0).reshape(weight.shape[dim], -1) if dim else weight.reshape(weight.shape[0], -1)


def output_dim(module: Module, dim: int | None) -> int:
    """The dimension of a layer's outputs in its weight: 1 for transposed convolutions, else 0."""
    if dim is not None:
        return dim
    return int(any(kind.__name__.startswith("ConvTranspose") for kind in type(module).__mro__))


def random_direction(size: int, like: Tensor, eps: float) -> Tensor:
    """A vector of length 1."""
    return F.normalize(empty(size, dtype=like.dtype, device=like.device).normal_(0, 1), dim=0, eps=eps)


class SpectralNorm:
    """The forward pre-hook that divides a weight by its largest singular value, found by power iteration."""

    _version = 1

    def __init__(self, name: str = "weight", n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        if n_power_iterations <= 0:
            raise ValueError(
                f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}"
            )
        self.name = name
        self.dim = dim
        self.n_power_iterations = n_power_iterations
        self.eps = eps

    def compute_weight(self, module: Module, do_power_iteration: bool) -> Tensor:
        """The weight divided by u W v, the vectors improved first with `do_power_iteration`."""
        weight, u, v = (getattr(module, f"{self.name}_{part}") for part in ("orig", "u", "v"))
        matrix = as_matrix(weight, self.dim)
        if do_power_iteration:
            with no_grad():
                for _ in range(self.n_power_iterations):
                    v.copy_(F.normalize(matrix.t().mv(u), dim=0, eps=self.eps))
                    u.copy_(F.normalize(matrix.mv(v), dim=0, eps=self.eps))
        # Copies: a second call, before the first one's backward pass, changes the buffers.
        return weight / u.clone().dot(matrix.mv(v.clone()))

    @staticmethod
    def apply(module: Module, name: str, n_power_iterations: int, dim: int, eps: float) -> SpectralNorm:
        """Replace the parameter `name` of `module` by the original and the two vectors."""
        for hook in module._forward_pre_hooks.values():
            if isinstance(hook.function, SpectralNorm) and hook.function.name == name:
                raise RuntimeError(f"Cannot register two spectral_norm hooks on the same parameter {name}")
        norm = SpectralNorm(name, n_power_iterations, dim, eps)
        weight = module._parameters[name]
        if weight is None:
            raise ValueError(f"`SpectralNorm` cannot be applied as parameter `{name}` is None")
        if is_lazy(weight):
            raise ValueError(
                "The module passed to `SpectralNorm` can't have uninitialized parameters. Make sure to run the dummy "
                "forward before applying spectral normalization"
            )
        with no_grad():
            rows, columns = as_matrix(weight, dim).shape
            u, v = (random_direction(size, weight, eps) for size in (rows, columns))
        delattr(module, name)
        module.register_parameter(f"{name}_orig", weight)
        # The name stays, for what reads it before the first call.
        setattr(module, name, weight.detach())
        module.register_buffer(f"{name}_u", u)
        module.register_buffer(f"{name}_v", v)
        module.register_forward_pre_hook(norm)
        module.register_state_dict_post_hook(_Versioned(norm))
        return norm

    def remove(self, module: Module) -> None:
        """Give `module` its parameter back, divided."""
        with no_grad():
            weight = self.compute_weight(module, do_power_iteration=False)
        for name in (self.name, f"{self.name}_u", f"{self.name}_v", f"{self.name}_orig"):
            delattr(module, name)
        module.register_parameter(self.name, Parameter(weight.detach()))

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module, do_power_iteration=module.training))


class _Versioned:
    """Notes the version of the state's format, as PyTorch does."""

    def __init__(self, norm: SpectralNorm) -> None:
        self.norm = norm

    def __call__(self, module: Module, state_dict: Any, prefix: str, local_metadata: dict[str, Any]) -> None:
        versions = local_metadata.setdefault("spectral_norm", {})
        versions[f"{self.norm.name}.version"] = self.norm._version


def spectral_norm(
    module: Module, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> Module:
    """Divide a parameter by its largest singular value before every call.

    Parameters
    ----------
    module : Module
        Whose parameter.
    name : str
        Its name; the parameter itself is `name_orig` from then on.
    n_power_iterations : int
        How often each call in training mode improves the estimate.
    eps : float
        Smallest length to divide a vector by.
    dim : int, optional
        The dimension of the outputs.

    Notes
    -----
    Matches `torch.nn.utils.spectral_norm`, the random vectors included; Miyato et al., arXiv:1802.05957.
    """
    SpectralNorm.apply(module, name, n_power_iterations, output_dim(module, dim), eps)
    return module


def remove_spectral_norm(module: Module, name: str = "weight") -> Module:
    """Undo `spectral_norm`; ValueError if there is none. Matches `torch.nn.utils.remove_spectral_norm`."""
    for key, hook in module._forward_pre_hooks.items():
        if isinstance(hook.function, SpectralNorm) and hook.function.name == name:
            hook.function.remove(module)
            del module._forward_pre_hooks[key]
            break
    else:
        raise ValueError(f"spectral_norm of '{name}' not found in {module}")
    for key, post in module._state_dict_hooks.items():
        if isinstance(post, _Versioned) and post.norm.name == name:
            del module._state_dict_hooks[key]
            break
    return module
