"""Pruning: parameters with parts held at zero by a mask, which a hook applies before every call.

A pruned parameter `weight` is kept as `weight_orig` beside the buffer `weight_mask`, and `weight` is their product.
Matches ``torch.nn.utils.prune``.
"""

from __future__ import annotations

import numbers
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import Any

from tinygrad5329 import ops
from tinygrad5329.creation import ones_like, zeros_like
from tinygrad5329.nn.module import Module
from tinygrad5329.randomness import rand
from tinygrad5329.tensor import Tensor

__all__ = [
    "BasePruningMethod",
    "CustomFromMask",
    "Identity",
    "L1Unstructured",
    "LnStructured",
    "PruningContainer",
    "RandomStructured",
    "RandomUnstructured",
    "custom_from_mask",
    "global_unstructured",
    "identity",
    "is_pruned",
    "l1_unstructured",
    "ln_structured",
    "random_structured",
    "random_unstructured",
    "remove",
]


class BasePruningMethod(ABC):
    """A way to choose what to prune; a subclass sets `PRUNING_TYPE` and defines `compute_mask`.

    `PRUNING_TYPE` is "unstructured" (single elements), "structured" (slices along `dim`) or "global".
    """

    PRUNING_TYPE: str
    _tensor_name: str | None = None

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, str(self._tensor_name), self.apply_mask(module))

    @abstractmethod
    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask, of 0 and 1, for the importance scores `t`, on top of `default_mask`."""

    def apply_mask(self, module: Module) -> Tensor:
        """The parameter with its mask."""
        if self._tensor_name is None:
            raise AssertionError(f"Module {module} has to be pruned")
        original = getattr(module, f"{self._tensor_name}_orig")
        return getattr(module, f"{self._tensor_name}_mask").to(original.dtype) * original

    @classmethod
    def apply(
        cls, module: Module, name: str, *args: Any, importance_scores: Tensor | None = None, **kwargs: Any
    ) -> BasePruningMethod:
        """Prune the parameter `name` of `module`, on top of what pruning it already has.

        Other arguments are those of the class. The parts with the least `importance_scores`, the values themselves
        unless given, are the ones to go. AssertionError if they are of another shape.
        """
        method: BasePruningMethod = cls(*args, **kwargs)
        method._tensor_name = name
        key, old = _find(module, name)
        original = getattr(module, name)
        if importance_scores is not None and importance_scores.shape != original.shape:
            raise AssertionError(
                f"importance_scores should have the same shape as parameter {name} of {module}, got "
                f"{tuple(importance_scores.shape)} vs {tuple(original.shape)}"
            )
        if old is None:
            mask = ones_like(original.detach())
        else:
            mask = getattr(module, f"{name}_mask").detach().clone()
            container = old if isinstance(old, PruningContainer) else PruningContainer(old)
            container.add_pruning_method(method)
            method = container
        scores = (original if importance_scores is None else importance_scores).detach()
        # Computed before anything is changed: an error leaves the module as it was.
        mask = method.compute_mask(scores, default_mask=mask)
        if old is None:
            del module._parameters[name]
            module.register_parameter(f"{name}_orig", original)
        else:
            del module._forward_pre_hooks[key]
        module.register_buffer(f"{name}_mask", mask)
        setattr(module, name, method.apply_mask(module))
        module.register_forward_pre_hook(method)
        return method

    def prune(self, t: Tensor, default_mask: Tensor | None = None, importance_scores: Tensor | None = None) -> Tensor:
        """`t` with the parts set to zero that the method chooses."""
        if importance_scores is not None and importance_scores.shape != t.shape:
            raise AssertionError(
                f"importance_scores should have the same shape as tensor t, got {tuple(importance_scores.shape)} vs "
                f"{tuple(t.shape)}"
            )
        scores = t if importance_scores is None else importance_scores
        return t * self.compute_mask(scores, default_mask=ones_like(t) if default_mask is None else default_mask)

    def remove(self, module: Module) -> None:
        """Make the pruned values the parameter's own."""
        name = self._tensor_name
        values = self.apply_mask(module)
        if hasattr(module, str(name)):
            delattr(module, str(name))
        original: Any = module._parameters.pop(f"{name}_orig")
        original.data = values.detach()
        del module._buffers[f"{name}_mask"]
        setattr(module, str(name), original)


class PruningContainer(BasePruningMethod):
    """Several methods on one parameter: each prunes what the ones before have left."""

    def __init__(self, *args: BasePruningMethod) -> None:
        self._pruning_methods: tuple[BasePruningMethod, ...] = ()
        if len(args) == 1:
            self._tensor_name = args[0]._tensor_name
        for method in args:
            self.add_pruning_method(method)

    def add_pruning_method(self, method: BasePruningMethod) -> None:
        """Add a method; TypeError if it is none, ValueError if it is for another parameter."""
        if not isinstance(method, BasePruningMethod):
            raise TypeError(f"{type(method)} is not a BasePruningMethod subclass")
        if self._tensor_name != method._tensor_name:
            raise ValueError(
                f"Can only add pruning methods acting on the parameter named '{self._tensor_name}' to "
                f"PruningContainer {self}. Found '{method._tensor_name}'"
            )
        self._pruning_methods += (method,)

    def __len__(self) -> int:
        return len(self._pruning_methods)

    def __iter__(self) -> Iterator[BasePruningMethod]:
        return iter(self._pruning_methods)

    def __getitem__(self, idx: int) -> BasePruningMethod:
        return self._pruning_methods[idx]

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask of the newest method, applied to what `default_mask` keeps."""
        method = self._pruning_methods[-1]
        place: Any = ...
        if method.PRUNING_TYPE == "unstructured":
            place = default_mask == 1
        elif method.PRUNING_TYPE == "structured":
            if not hasattr(method, "dim"):
                raise AttributeError(
                    'Pruning methods of PRUNING_TYPE "structured" need to have the attribute `dim` defined.'
                )
            dim = method.dim + t.ndim if method.dim < 0 else method.dim
            if dim < 0:
                raise IndexError(f"Index is out of bounds for tensor with dimensions {t.ndim}")
            kept = default_mask.sum([d for d in range(t.ndim) if d != dim]) != 0
            place = (*(slice(None) for _ in range(dim)), kept)
        elif method.PRUNING_TYPE != "global":
            raise ValueError(f"Unrecognized PRUNING_TYPE {method.PRUNING_TYPE}")
        mask = default_mask.to(t.dtype).clone()
        mask[place] = method.compute_mask(t[place], default_mask=default_mask[place]).to(mask.dtype)
        return mask


class Identity(BasePruningMethod):
    """Prunes nothing, but sets everything up."""

    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask as it is."""
        return default_mask


class _Unstructured(BasePruningMethod):
    """Prunes single elements: a number of them, or a fraction between 0 and 1."""

    PRUNING_TYPE = "unstructured"

    def __init__(self, amount: float) -> None:
        self.amount = _checked_amount(amount)

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask without the elements chosen."""
        count = _count(self.amount, t.numel())
        mask = default_mask.clone()
        if count:
            mask.view(-1)[self._chosen(t, count)] = 0
        return mask

    def _chosen(self, t: Tensor, count: int) -> Tensor:
        raise NotImplementedError


class RandomUnstructured(_Unstructured):
    """Prunes elements at random."""

    def _chosen(self, t: Tensor, count: int) -> Tensor:
        return rand(t.shape, dtype=t.dtype).view(-1).topk(count).indices


class L1Unstructured(_Unstructured):
    """Prunes the elements of least absolute value."""

    def _chosen(self, t: Tensor, count: int) -> Tensor:
        return t.abs().reshape(-1).topk(count, largest=False).indices


class _Structured(BasePruningMethod):
    """Prunes whole slices along `dim`: a number of them, or a fraction between 0 and 1."""

    PRUNING_TYPE = "structured"

    def __init__(self, amount: float, dim: int = -1) -> None:
        self.amount = _checked_amount(amount)
        self.dim = dim

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask without the slices chosen."""
        if t.ndim <= 1:
            raise ValueError(
                f"Structured pruning can only be applied to multidimensional tensors. Found tensor of shape "
                f"{tuple(t.shape)} with {t.ndim} dims"
            )
        if self.dim >= t.ndim:
            raise IndexError(f"Invalid index {self.dim} for tensor of size {tuple(t.shape)}")
        size = t.shape[self.dim]
        count = _count(self.amount, size)
        if not count:
            return default_mask
        mask = zeros_like(t)
        keep: list[Any] = [slice(None)] * t.ndim
        keep[self.dim] = self._scores(t).topk(size - count).indices
        mask[tuple(keep)] = 1
        return mask * default_mask.to(mask.dtype)

    def _scores(self, t: Tensor) -> Tensor:
        raise NotImplementedError


class RandomStructured(_Structured):
    """Prunes slices along `dim` at random."""

    def _scores(self, t: Tensor) -> Tensor:
        return rand(t.shape[self.dim])


class LnStructured(_Structured):
    """Prunes the slices along `dim` with the least n-norm."""

    def __init__(self, amount: float, n: Any, dim: int = -1) -> None:
        super().__init__(amount, dim)
        self.n = n

    def _scores(self, t: Tensor) -> Tensor:
        dim = self.dim % t.ndim
        return t.norm(self.n, [d for d in range(t.ndim) if d != dim])


class CustomFromMask(BasePruningMethod):
    """Prunes where a mask given is 0."""

    PRUNING_TYPE = "global"

    def __init__(self, mask: Tensor) -> None:
        self.mask = mask

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """Both masks together."""
        if default_mask.shape != self.mask.shape:
            raise AssertionError(
                f"default_mask shape {tuple(default_mask.shape)} must match self.mask shape {tuple(self.mask.shape)}"
            )
        return default_mask * self.mask.to(default_mask.dtype)


def _find(module: Module, name: str) -> tuple[int, BasePruningMethod | None]:
    for key, hook in module._forward_pre_hooks.items():
        if isinstance(hook.function, BasePruningMethod) and hook.function._tensor_name == name:
            return key, hook.function
    return -1, None


def _checked_amount(amount: float) -> float:
    if not isinstance(amount, numbers.Real):
        raise TypeError(f"Invalid type for amount: {amount}. Must be int or float.")
    whole = isinstance(amount, numbers.Integral)
    if amount < 0 or (not whole and amount > 1):
        raise ValueError(f"amount={amount} should either be a float in the range [0, 1] or a non-negative integer")
    return amount


def _count(amount: float, size: int) -> int:
    count = int(amount) if isinstance(amount, numbers.Integral) else round(amount * size)
    if count > size:
        raise ValueError(f"amount={amount} should be smaller than the number of parameters to prune={size}")
    return count


def identity(module: Module, name: str) -> Module:
    """Set up pruning of a parameter without pruning anything."""
    Identity.apply(module, name)
    return module


def random_unstructured(module: Module, name: str, amount: float) -> Module:
    """Prune `amount` elements, a number or a fraction, at random."""
    RandomUnstructured.apply(module, name, amount)
    return module


def l1_unstructured(module: Module, name: str, amount: float, importance_scores: Tensor | None = None) -> Module:
    """Prune the `amount` elements, a number or a fraction, of least absolute value."""
    L1Unstructured.apply(module, name, amount, importance_scores=importance_scores)
    return module


def random_structured(module: Module, name: str, amount: float, dim: int) -> Module:
    """Prune `amount` slices along `dim` at random."""
    RandomStructured.apply(module, name, amount, dim)
    return module


def ln_structured(
    module: Module, name: str, amount: float, n: Any, dim: int, importance_scores: Tensor | None = None
) -> Module:
    """Prune the `amount` slices along `dim` with the least n-norm."""
    LnStructured.apply(module, name, amount, n, dim, importance_scores=importance_scores)
    return module


def custom_from_mask(module: Module, name: str, mask: Tensor) -> Module:
    """Prune where `mask` is 0."""
    CustomFromMask.apply(module, name, mask)
    return module


def global_unstructured(
    parameters: Iterable[tuple[Module, str]],
    pruning_method: type[BasePruningMethod],
    importance_scores: dict[tuple[Module, str], Tensor] | None = None,
    **kwargs: Any,
) -> None:
    """Prune several parameters, pairs of module and name, as if they were one.

    `kwargs` are the arguments of `pruning_method`, which must be unstructured. TypeError for arguments of other kinds.
    """
    if not isinstance(parameters, Iterable):
        raise TypeError("global_unstructured(): parameters is not an Iterable")
    pairs = list(parameters)
    scores = {} if importance_scores is None else importance_scores
    if not isinstance(scores, dict):
        raise TypeError("global_unstructured(): importance_scores must be of type dict")
    tensors = [getattr(module, name).detach() for module, name in pairs]
    flat_scores = ops.cat([scores.get(pair, t).detach().reshape(-1) for pair, t in zip(pairs, tensors, strict=True)])
    masks = [getattr(m, f"{n}_mask", None) for m, n in pairs]
    mask = ops.cat([(ones_like(t) if old is None else old).reshape(-1) for old, t in zip(masks, tensors, strict=True)])
    method = pruning_method(**kwargs)
    if method.PRUNING_TYPE != "unstructured":
        raise TypeError(
            f'Only "unstructured" PRUNING_TYPE supported for the `pruning_method`. Found method {pruning_method} of '
            f"type {method.PRUNING_TYPE}"
        )
    combined = PruningContainer(method).compute_mask(flat_scores, mask)
    sizes = [t.numel() for t in tensors]
    for (module, name), t, part in zip(pairs, tensors, combined.split(sizes), strict=True):
        custom_from_mask(module, name, part.reshape(t.shape))


def remove(module: Module, name: str) -> Module:
    """Make a pruned parameter an ordinary one with the values it has; ValueError if it is not pruned."""
    key, method = _find(module, name)
    if method is None:
        raise ValueError(f"Parameter '{name}' of module {module} has to be pruned before pruning can be removed")
    method.remove(module)
    del module._forward_pre_hooks[key]
    return module


def is_pruned(module: Module) -> bool:
    """Whether any parameter in `module` or below is pruned."""
    return any(
        isinstance(hook.function, BasePruningMethod)
        for each in module.modules()
        for hook in each._forward_pre_hooks.values()
    )
