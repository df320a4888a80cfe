"""Parametrisations for common constraints: weight norm, spectral norm, orthogonal matrices."""

from __future__ import annotations

from typing import Any

from tinygrad5329 import linalg, ops
from tinygrad5329.creation import empty, eye, zeros_like
from tinygrad5329.dtypes import finfo
from tinygrad5329.grad_mode import no_grad
from tinygrad5329.nn import functional as F
from tinygrad5329.nn.module import Module
from tinygrad5329.nn.utils.parametrize import register_parametrization
from tinygrad5329.nn.utils.spectral_norm import as_matrix, output_dim, random_direction
from tinygrad5329.nn.utils.weight_norm import norm_except_dim, scaled_direction
from tinygrad5329.tensor import Tensor

__all__ = ["orthogonal", "spectral_norm", "weight_norm"]


class _WeightNorm(Module):
    """From a length and a direction to the weight."""

    def __init__(self, dim: int | None = 0) -> None:
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g: Tensor, weight_v: Tensor) -> Tensor:
        return scaled_direction(weight_v, weight_g, self.dim)

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        return norm_except_dim(weight, 2, self.dim), weight


class _OldWeightNormState:
    """Reads what the older, hook-based weight norm has saved."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, state_dict: dict[str, Any], prefix: str, *_: Any) -> None:
        old = [f"{prefix}{self.name}_{part}" for part in "gv"]
        if all(key in state_dict for key in old):
            for i, key in enumerate(old):
                state_dict[f"{prefix}parametrizations.{self.name}.original{i}"] = state_dict.pop(key)


def weight_norm(module: Module, name: str = "weight", dim: int = 0) -> Module:
    """Learn a weight's length, over all dimensions but `dim`, and its direction apart from each other.

    The originals are `original0`, the length, and `original1`. Matches
    `torch.nn.utils.parametrizations.weight_norm`; Salimans and Kingma, arXiv:1602.07868.
    """
    register_parametrization(module, name, _WeightNorm(dim), unsafe=True)
    module._register_load_state_dict_pre_hook(_OldWeightNormState(name))
    return module


class _SpectralNorm(Module):
    """A weight divided by its largest singular value, found by power iteration."""

    _u: Tensor
    _v: Tensor

    def __init__(self, weight: Tensor, n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        super().__init__()
        if not -weight.ndim <= dim < weight.ndim:
            raise IndexError(
                f"Dimension out of range (expected to be in range of [-{weight.ndim}, {weight.ndim - 1}] but got {dim})"
            )
        if n_power_iterations <= 0:
            raise ValueError(
                f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}"
            )
        self.dim = dim % weight.ndim
        self.eps = eps
        if weight.ndim > 1:
            self.n_power_iterations = n_power_iterations
            matrix = as_matrix(weight, self.dim)
            rows, columns = matrix.shape
            self.register_buffer("_u", random_direction(rows, weight, eps))
            self.register_buffer("_v", random_direction(columns, weight, eps))
            self._improve(matrix, 15)

    def _improve(self, matrix: Tensor, iterations: int) -> None:
        with no_grad():
            for _ in range(iterations):
                self._u.copy_(F.normalize(matrix.mv(self._v), dim=0, eps=self.eps))
                self._v.copy_(F.normalize(matrix.mH.mv(self._u), dim=0, eps=self.eps))

    def forward(self, weight: Tensor) -> Tensor:
        if weight.ndim == 1:
            return F.normalize(weight, dim=0, eps=self.eps)
        matrix = as_matrix(weight, self.dim)
        if self.training:
            self._improve(matrix, self.n_power_iterations)
        # Copies: a second call, before the first one's backward pass, changes the buffers.
        return weight / ops.vdot(self._u.clone(), matrix.mv(self._v.clone()))

    def right_inverse(self, value: Tensor) -> Tensor:
        return value


def _weight(module: Module, name: str) -> Tensor:
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    return weight


def spectral_norm(
    module: Module, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> Module:
    """Divide a weight by its largest singular value.

    Every read in training mode improves the estimate by `n_power_iterations`. `dim` is the dimension of the outputs,
    0 unless the layer is a transposed convolution. Matches `torch.nn.utils.parametrizations.spectral_norm`, the random
    vectors included; Miyato et al., arXiv:1802.05957.
    """
    weight = _weight(module, name)
    norm = _SpectralNorm(weight, n_power_iterations, output_dim(module, dim), eps)
    return register_parametrization(module, name, norm)


_MAPS = ("matrix_exp", "cayley", "householder")


def _signs_of_diagonal(matrix: Tensor) -> Tensor:
    return matrix.diagonal(dim1=-2, dim2=-1).sgn().unsqueeze(-2)


def _orthogonalised(a: Tensor) -> Tensor:
    """Q of the decomposition A = Q R with a positive diagonal of R."""
    reflectors, tau = ops.geqrf(a)
    return linalg.householder_product(reflectors, tau) * _signs_of_diagonal(reflectors)


class _Orthogonal(Module):
    """From any matrix to one with orthonormal columns (or rows, of which there are fewer)."""

    base: Tensor | None

    def __init__(self, weight: Tensor, orthogonal_map: str, *, use_trivialization: bool = True) -> None:
        super().__init__()
        if weight.is_complex() and orthogonal_map == "householder":
            raise ValueError("The householder parametrization does not support complex tensors.")
        self.shape = weight.shape
        self.orthogonal_map = orthogonal_map
        self.use_trivialization = use_trivialization
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, x: Tensor) -> Tensor:
        wide = x.shape[-2] < x.shape[-1]
        x = x.mT if wide else x
        n, k = x.shape[-2:]
        if self.orthogonal_map == "householder":
            below = x.tril(-1)
            tau = 2 / (1 + (below * below).sum(-2))
            q = linalg.householder_product(below, tau)
            # The diagonal holds signs, which are not learned.
            q = q * x.detach().diagonal(dim1=-2, dim2=-1).trunc().unsqueeze(-2)
        else:
            x = x.tril()
            if n != k:
                x = F.pad(x, (0, n - k))
            skew = x - x.mH
            if self.orthogonal_map == "matrix_exp":
                q = ops.matrix_exp(skew)
            else:
                one = eye(n, dtype=x.dtype)
                q = linalg.solve(one - skew / 2, one + skew / 2)
            q = q[..., :k]
        if self.use_trivialization:
            q = self.base @ q  # type: ignore[operator]
        return q.mT if wide else q

    def right_inverse(self, q: Tensor) -> Tensor:
        if q.shape != self.shape:
            raise ValueError(
                f"Expected a matrix or batch of matrices of shape {tuple(self.shape)}. Got a tensor of shape "
                f"{tuple(q.shape)}."
            )
        with no_grad():
            return self._based_on(q) if self.use_trivialization else self._reflections(q)

    def _reflections(self, q: Tensor) -> Tensor:
        if self.orthogonal_map != "householder":
            raise NotImplementedError(
                "It is not possible to assign to the matrix exponential or the Cayley parametrizations when "
                "use_trivialization=False."
            )
        wide = q.shape[-2] < q.shape[-1]
        reflectors, tau = ops.geqrf(q.mT if wide else q)
        diagonal = reflectors.diagonal(dim1=-2, dim2=-1)
        # A reflection that LAPACK leaves out flips the sign.
        diagonal.copy_(ops.where(tau == 0, -diagonal.sgn(), diagonal.sgn()))
        return reflectors.mT if wide else reflectors

    def _based_on(self, q: Tensor) -> Tensor:
        """Keep an orthogonal matrix near `q`, relative to which 0 (with -1 as signs) is `q` itself."""
        tall = q.mT if q.shape[-2] < q.shape[-1] else q
        n, k = tall.shape[-2:]
        if n == k:
            one = eye(k, dtype=q.dtype)
            close = ops.allclose(tall.mH @ tall, one, atol=10.0 * n * finfo(q.dtype).eps)
            self.base = tall.clone() if close else _orthogonalised(tall)
        else:
            rest = empty((*tall.shape[:-2], n, n - k), dtype=q.dtype).normal_()
            self.base = _orthogonalised(ops.cat([tall, rest], -1))
        start = zeros_like(q)
        start.diagonal(dim1=-2, dim2=-1).fill_(-1)
        return start


def orthogonal(
    module: Module, name: str = "weight", orthogonal_map: str | None = None, *, use_trivialization: bool = True
) -> Module:
    """Keep a matrix, or batch of matrices, orthogonal: orthonormal columns, or rows where those are fewer.

    Parameters
    ----------
    module : Module
        Whose weight.
    name : str
        Its name.
    orthogonal_map : {"matrix_exp", "cayley", "householder"}, optional
        How: the exponential or the Cayley transform of a skew-symmetric matrix, or a product of reflections. By
        default the first for square matrices, the last for others.
    use_trivialization : bool
        Work relative to the matrix at hand, which can then be assigned; costs as much memory again.

    Raises
    ------
    ValueError
        There is no such weight, it has less than two dimensions, or `orthogonal_map` is none of the three.

    Notes
    -----
    Matches `torch.nn.utils.parametrizations.orthogonal`; Lezcano-Casado, arXiv:1909.09501.
    """
    weight = _weight(module, name)
    if weight.ndim < 2:
        raise ValueError(f"Expected a matrix or batch of matrices. Got a tensor of {weight.ndim} dimensions.")
    if orthogonal_map is None:
        square = weight.shape[-2] == weight.shape[-1] or weight.is_complex()
        orthogonal_map = "matrix_exp" if square else "householder"
    if orthogonal_map not in _MAPS:
        raise ValueError(
            f'orthogonal_map has to be one of "matrix_exp", "cayley", "householder". Got: {orthogonal_map}'
        )
    learned = _Orthogonal(weight, orthogonal_map, use_trivialization=use_trivialization)
    return register_parametrization(module, name, learned, unsafe=True)
