"""The mirror image of a sample, where the features no longer show what a mirror does.

Photographs of a class are as likely as their mirror images, and training on both is the oldest augmentation
there is (Krizhevsky et al. 2012). Principal components hide it: swapping left and right has become some
linear map R of the components. It can be found again. R undoes itself (R R = 1), and since a class looks the
same through it, R commutes with the second moments of every class, once features are whitened. So R is,
besides the identity, the matrix that commutes with them best: an eigenproblem. The labels of the training
rows are all it takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import tinygrad5329 as tg
from tinygrad5329.tensor import Tensor

__all__ = ["Mirror", "find_mirror"]

Array = np.ndarray[Any, Any]

#: Whitened directions with a smaller share of the largest variance do not vary.
_FLAT = 1e-9
#: The polishing ends when no direction turns by more radians, or after so many rounds.
_SMALL_TURN, _ROUNDS = 1e-2, 30
#: Numbers of a matrix up to which the eigenproblem is solved whole: in small ones Lanczos starts anew at random.
_DENSE = 600
_LARGEST_TURN = 0.3


@dataclass(frozen=True, eq=False)
class Mirror:
    """The affine map ``x -> centre + (x - centre) @ matrix``, which undoes itself.

    Attributes
    ----------
    centre : Tensor
        Shape (F,).
    matrix : Tensor
        Shape (F, F), with ``matrix @ matrix`` the identity.
    odd : int
        How many directions it turns round; it leaves the others alone.
    misfit : float
        Squared correlation within classes between directions that it turns round and those that it does
        not, as a multiple of what chance gives: about 1 where classes have the symmetry, more where not.
    """

    centre: Tensor
    matrix: Tensor
    odd: int
    misfit: float

    def __call__(self, features: Tensor) -> Tensor:
        """Mirror images of samples (N, F)."""
        return self.centre + (features - self.centre) @ self.matrix


def find_mirror(features: Tensor, labels: Tensor) -> Mirror:
    """The reflection under which the second moments of all classes change least.

    Parameters
    ----------
    features : Tensor
        Training rows (N, F), in any linear coordinates; two features or more.
    labels : Tensor
        Their classes (N,), of which there are two or more.

    Raises
    ------
    ValueError
        If there is nothing to tell a reflection by.
    ImportError
        If SciPy, which comes with scikit-learn, is missing.
    """
    x, classes = features.numpy().astype(np.float64), labels.numpy()
    names = np.unique(classes)
    if len(names) < 2:
        raise ValueError(f"find_mirror: expected two classes or more, got {len(names)}")
    centre = x.mean(axis=0)
    variances, axes = np.linalg.eigh(np.cov(x.T, bias=True).reshape(x.shape[1], x.shape[1]))
    varies = variances > _FLAT * variances[-1]
    if varies.sum() < 2:
        raise ValueError(f"find_mirror: expected two features that vary or more, got {int(varies.sum())}")
    axes, deviations = axes[:, varies], np.sqrt(variances[varies])
    white = (x - centre) @ (axes / deviations)
    counts = np.array([(classes == name).sum() for name in names])
    moments = np.stack([_moment(white[classes == name]) for name in names])

    basis, odd = _polish(moments, *_directions(_best_commuting(moments)))
    to_odd, from_odd = (axes / deviations) @ basis[:, :odd], basis[:, :odd].T @ (axes * deviations).T
    matrix = np.eye(x.shape[1]) - 2 * to_odd @ from_odd
    return Mirror(
        centre=tg.tensor(centre, dtype=features.dtype),
        matrix=tg.tensor(matrix, dtype=features.dtype),
        odd=odd,
        misfit=_misfit(moments, counts, basis, odd),
    )


def _moment(rows: Array) -> Array:
    """Second moments about the mean of all rows: a class's mean is as symmetric as its spread."""
    return np.asarray(rows.T @ rows / len(rows))


def _best_commuting(moments: Array) -> Array:
    """The symmetric matrix R, apart from the identity, with the least sum of ||C R - R C||^2.

    The sum is the quadratic form of the operator R -> sum of [C, [C, R]], whose lowest eigenvector is the
    identity with eigenvalue 0; a penalty lifts that one out of the way.
    """
    _, sparse = _scipy()
    classes, size, _ = moments.shape
    tall, wide = moments.reshape(-1, size), moments.transpose(1, 0, 2).reshape(size, -1)
    upper = np.triu_indices(size)
    weights = np.where(upper[0] == upper[1], 1.0, np.sqrt(2.0))  # keeps lengths: each pair stands for two
    identity = np.eye(size)[upper] / np.sqrt(size)
    penalty = 4 * float((moments**2).sum())  # above every other eigenvalue

    def matrix(vector: Array) -> Array:
        half = np.zeros((size, size))
        half[upper] = vector.ravel() / weights
        return half + half.T - np.diag(np.diag(half))

    def apply(vector: Array) -> Array:
        product = (tall @ matrix(vector)).reshape(classes, size, size)
        commutators = product - product.transpose(0, 2, 1)
        double = wide @ commutators.reshape(-1, size)
        return (double + double.T)[upper] * weights + penalty * identity * (identity @ vector.ravel())

    length = len(weights)
    if length <= _DENSE:
        return matrix(np.linalg.eigh(np.stack([apply(unit) for unit in np.eye(length)]))[1][:, 0])
    operator = sparse.LinearOperator((length, length), matvec=apply, dtype=np.float64)
    start = np.random.Generator(np.random.PCG64(0)).standard_normal(length)
    _, vectors = sparse.eigsh(operator, k=1, which="SA", tol=1e-3, ncv=30, v0=start)
    return matrix(vectors[:, 0])


def _directions(matrix: Array) -> tuple[Array, int]:
    """Orthonormal directions of a symmetric matrix, first those that it turns round, and their number.

    Which sign is "round" is a convention: the fewer are.
    """
    values, vectors = np.linalg.eigh(matrix)
    odd = int((values < 0).sum())
    return (vectors, odd) if odd <= len(values) / 2 else (vectors[:, ::-1], len(values) - odd)


def _polish(moments: Array, basis: Array, odd: int) -> tuple[Array, int]:
    """Turn odd directions into even ones and back, by Gauss-Newton, until their covariances are least.

    With odd block A, even block D and block B between them of each class, a small turn K changes B by
    A K - K D.
    """
    linalg, sparse = _scipy()
    size = basis.shape[0]
    shape = (odd, size - odd)
    for _ in range(_ROUNDS):
        turned = basis.T @ moments @ basis
        a, b, d = turned[:, :odd, :odd], turned[:, :odd, odd:], turned[:, odd:, odd:]

        def normal(vector: Array, a: Array = a, d: Array = d) -> Array:
            turn = vector.reshape(shape)
            change = a @ turn - turn @ d
            return np.asarray((a @ change - change @ d).sum(axis=0).ravel())

        operator = sparse.LinearOperator((odd * (size - odd),) * 2, matvec=normal, dtype=np.float64)
        solution, _ = sparse.cg(operator, -(a @ b - b @ d).sum(axis=0).ravel(), rtol=3e-2, maxiter=30)
        turn = solution.reshape(shape)
        largest = float(np.abs(turn).max())
        turn *= min(1.0, _LARGEST_TURN / max(largest, _LARGEST_TURN))
        rotation = np.zeros((size, size))
        rotation[:odd, odd:], rotation[odd:, :odd] = turn, -turn.T
        basis = basis @ linalg.expm(rotation)
        if largest < _SMALL_TURN:
            break
    return basis, odd


def _misfit(moments: Array, counts: Array, basis: Array, odd: int) -> float:
    turned = basis.T @ moments @ basis
    variances = np.diagonal(turned, axis1=1, axis2=2)
    by_chance = (variances[:, :odd].sum(axis=1) * variances[:, odd:].sum(axis=1) / counts).sum()
    return float((turned[:, :odd, odd:] ** 2).sum() / by_chance)


def _scipy() -> tuple[Any, Any]:
    """``scipy.linalg`` and ``scipy.sparse.linalg``."""
    try:
        from scipy import linalg  # type: ignore[import-untyped]
        from scipy.sparse import linalg as sparse_linalg  # type: ignore[import-untyped]
    except ImportError as error:
        raise ImportError("find_mirror needs SciPy: pip install 'tinygrad5329[train]'") from error
    return linalg, sparse_linalg
