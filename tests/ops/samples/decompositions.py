"""Decompositions and systems of equations; of vectors that have a sign to choose, what does not depend on it."""

from __future__ import annotations

from .entry import entry, real, sample

MATRICES = {"0-d": "an error, as in PyTorch"}
SQUARE = [(3, 3), (2, 3, 3), (1, 1), (0, 3, 3), (0, 0)]


def regular(t, x):
    """`x` made well conditioned."""
    return x + 5 * t.eye(x.shape[-1], dtype=x.dtype)


def positive(t, x):
    return x @ x.mT + t.eye(x.shape[-1], dtype=x.dtype)


def apart(t, x):
    """A symmetric matrix with eigenvalues that differ."""
    return 0.1 * (x + x.mT) + t.diag(t.arange(1, x.shape[-1] + 1).to(x.dtype))


def spread(t, x):
    """A matrix with singular values that differ and are not 0."""
    return 0.1 * x + t.eye(*x.shape[-2:], dtype=x.dtype) * t.arange(1, x.shape[-1] + 1).to(x.dtype)


def squared(v):
    return (v * v.conj()).real


def square(name, call, prepare, *, shapes=SQUARE, **options):
    entry(
        name,
        lambda t, x, **kwargs: call(t, prepare(t, x), **kwargs),
        *(sample(real(*shape)) for shape in shapes),
        half=False,
        without=MATRICES | options.pop("without", {}),
        **options,
    )


square("linalg_inv", lambda t, x: t.linalg.inv(x), regular)
square("linalg_det", lambda t, x: t.linalg.det(x), regular)
square("slogdet", lambda t, x: t.linalg.slogdet(x)[1], regular)
square("linalg_eigh", lambda t, x: (t.linalg.eigh(x)[0], squared(t.linalg.eigh(x, "U")[1])), apart)
square("linalg_eig", lambda t, x: (t.linalg.eigvals(x).real, squared(t.linalg.eig(x)[1])), apart)
square("linalg_matrix_exp", lambda t, x: t.linalg.matrix_exp(x), lambda t, x: x / 2)
entry(
    "linalg_cholesky",
    lambda t, x, **kwargs: t.linalg.cholesky(positive(t, x), **kwargs),
    *(sample(real(*shape)) for shape in SQUARE),
    sample(real(3, 3), upper=True),
    half=False,
    without=MATRICES,
)
entry(
    "cholesky_solve",
    lambda t, b, x, upper=False: t.cholesky_solve(b, (x.triu() if upper else x.tril()), upper),
    sample(real(3, 2), real(3, 3, low=1.0)),
    sample(real(3, 2), real(3, 3, low=1.0), upper=True),
    sample(real(2, 3, 2), real(3, 3, low=1.0)),
    sample(real(0, 3, 2), real(3, 3, low=1.0)),
    half=False,
    without=MATRICES,
)
entry(
    "linalg_solve",
    lambda t, a, b, **kwargs: t.linalg.solve(regular(t, a), b, **kwargs),
    sample(real(3, 3), real(3, 2)),
    sample(real(3, 3), real(3)),
    sample(real(2, 1, 3, 3), real(2, 3, 2)),
    sample(real(3, 3), real(2, 3), left=False),
    sample(real(0, 3, 3), real(3, 2)),
    sample(real(3, 3), real(3, 0)),
    half=False,
    without=MATRICES,
)
entry(
    "solve_triangular",
    lambda t, a, b, **kwargs: t.linalg.solve_triangular(regular(t, a), b, **kwargs),
    sample(real(3, 3), real(3, 2), upper=True),
    sample(real(3, 3), real(3, 2), upper=False),
    sample(real(2, 3, 3), real(3, 2), upper=False, unitriangular=True),
    sample(real(3, 3), real(2, 2, 3), upper=True, left=False),
    sample(real(0, 3, 3), real(3, 2), upper=True),
    half=False,
    without=MATRICES,
)
entry(
    "lu_factor",
    lambda t, x: t.linalg.lu_factor(spread(t, x))[0],
    *(sample(real(*shape)) for shape in [(3, 3), (2, 3, 3), (2, 4), (4, 2), (0, 2, 2)]),
    half=False,
    without=MATRICES,
)
entry(
    "linalg_qr",
    lambda t, x, **kwargs: tuple(t.linalg.qr(spread(t, x), **kwargs)),
    *(sample(real(*shape)) for shape in [(3, 3), (2, 4, 2), (2, 4), (0, 3, 2)]),
    sample(real(3, 3), mode="complete"),
    sample(real(2, 3), mode="complete"),
    half=False,
    without=MATRICES,
)


def _svd(t, x, full_matrices=False):
    u, s, vh = t.linalg.svd(spread(t, x), full_matrices)
    k = s.shape[-1]
    weights = t.arange(1, k + 1).to(x.dtype)
    return s, (u[..., :k] * weights) @ vh[..., :k, :]


entry(
    "linalg_svd",
    _svd,
    *(sample(real(*shape)) for shape in [(3, 3), (2, 4, 2), (2, 4), (0, 3, 2)]),
    sample(real(3, 2), full_matrices=True),
    sample(real(2, 3), full_matrices=True),
    half=False,
    without=MATRICES,
)
entry(
    "linalg_pinv",
    lambda t, x: t.linalg.pinv(spread(t, x)),
    *(sample(real(*shape)) for shape in [(3, 3), (2, 4, 2), (2, 4), (0, 3, 2)]),
    half=False,
    without=MATRICES,
)
entry(
    "linalg_lstsq",
    lambda t, a, b: t.linalg.lstsq(spread(t, a), b)[0],
    sample(real(4, 2), real(4, 3)),
    sample(real(2, 4), real(2, 3)),
    sample(real(2, 3, 3), real(2, 3, 1)),
    sample(real(0, 4, 2), real(0, 4, 1)),
    half=False,
    without=MATRICES,
)
entry(
    "cdist_euclidean",
    lambda t, x, y: t.cdist(x, y, compute_mode="use_mm_for_euclid_dist"),
    sample(real(3, 2), real(2, 2, low=3.0, high=5.0)),
    sample(real(2, 1, 3, 2), real(2, 4, 2, low=3.0, high=5.0)),
    sample(real(0, 2), real(2, 2)),
    half=False,
    without=MATRICES,
    oracle_lacks="second derivatives",
)
entry(
    "cdist_maximum",
    lambda t, x, y: t.cdist(x, y, float("inf")),
    sample(real(3, 2), real(2, 2, low=3.0, high=5.0)),
    sample(real(2, 1, 3, 2), real(2, 4, 2, low=3.0, high=5.0)),
    sample(real(0, 2), real(2, 2)),
    half=False,
    without=MATRICES,
    oracle_lacks="second derivatives",
)
