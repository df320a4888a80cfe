"""``linalg`` and its kin: invariants of every decomposition, PyTorch's results and errors, complex gradients."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.autograd import gradcheck, gradgradcheck

torch: object
try:
    import torch
except ImportError:
    torch = None

LIBRARIES = [
    pytest.param(tg, id="tinygrad5329"),
    pytest.param(
        torch,
        id="torch",
        marks=pytest.mark.skipif(torch is None, reason="oracle: pip install 'tinygrad5329[oracle]'"),
    ),
]
DTYPES = ["float32", "float64", "complex64", "complex128"]
SHAPES = [(4, 4), (5, 3), (3, 5), (2, 4, 4), (2, 1, 5, 3), (70, 70), (1, 1), (0, 3, 3), (0, 0)]


def draw(shape, dtype="float64", seed=0):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=shape)
    if "complex" in dtype:
        values = values + 1j * rng.normal(size=shape)
    return tg.tensor(values.astype(dtype))


def close(a, b, dtype="float64"):
    tolerance = 1e-10 if dtype in ("float64", "complex128") else 3e-4
    np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=tolerance, atol=tolerance)


def eye_like(x):
    return tg.eye(x.shape[-1], dtype=x.dtype).expand(x.shape)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_products_of_the_factors_are_the_matrix(shape, dtype):
    A = draw(shape, dtype)
    Q, R = tg.linalg.qr(A)
    close(Q @ R, A, dtype)
    close(Q.mH @ Q, eye_like(Q.mH @ Q), dtype)
    U, S, Vh = tg.linalg.svd(A, full_matrices=False)
    close((U * S.unsqueeze(-2)) @ Vh, A, dtype)
    assert S.dtype is A.dtype.to_real()
    P, L, U = tg.linalg.lu(A)
    close(P @ L @ U, A, dtype)
    packed, pivots = tg.linalg.lu_factor(A)
    assert pivots.dtype is tg.int32
    for ours, theirs in zip(tg.lu_unpack(packed, pivots), (P, L, U), strict=True):
        close(ours, theirs, dtype)
    if shape[-2] >= shape[-1]:
        close(tg.linalg.householder_product(*tg.geqrf(A)), Q, dtype)
        close(tg.ormqr(*tg.geqrf(A), A, transpose=True)[..., : shape[-1], :], R, dtype)
    close(A @ tg.linalg.pinv(A) @ A, A, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape[-1] == shape[-2]])
def test_square_matrices(shape, dtype):
    A = draw(shape, dtype)
    B = draw((*shape[:-1], 2), dtype, seed=1)
    eye = eye_like(A)
    regular = A + 3 * shape[-1] * eye
    close(regular @ tg.linalg.solve(regular, B), B, dtype)
    close(tg.linalg.solve(regular, B.mT, left=False) @ regular, B.mT, dtype)
    close(regular @ tg.linalg.inv(regular), eye, dtype)
    for left in (True, False):
        for adjoint in (True, False):
            b = B if left else B.mT
            X = tg.linalg.lu_solve(*tg.linalg.lu_factor(regular), b, left=left, adjoint=adjoint)
            a = regular.mH if adjoint else regular
            close(a @ X if left else X @ a, b, dtype)
    values, vectors = tg.linalg.eig(A)
    close(A.to(values.dtype) @ vectors, vectors * values.unsqueeze(-2), dtype)
    hermitian = A + A.mH
    values, vectors = tg.linalg.eigh(hermitian)
    close((vectors * values.unsqueeze(-2)) @ vectors.mH, hermitian, dtype)
    definite = A @ A.mH + eye
    L = tg.linalg.cholesky(definite)
    close(L @ L.mH, definite, dtype)
    close(tg.linalg.cholesky(definite, upper=True), L.mH, dtype)
    close(definite @ tg.cholesky_inverse(L), eye, dtype)
    for flag in (True, False):
        symmetric = hermitian if flag else A + A.mT
        X = tg.linalg.ldl_solve(*tg.linalg.ldl_factor(symmetric + eye, hermitian=flag), B, hermitian=flag)
        close((symmetric + eye) @ X, B, "float32")
    sign, size = tg.linalg.slogdet(regular / (3 * max(shape[-1], 1)))
    close(sign * size.exp(), tg.linalg.det(regular / (3 * max(shape[-1], 1))), dtype)
    small = A / max(shape[-1], 1)
    close(tg.matrix_exp(small) @ tg.matrix_exp(-small), eye, dtype)
    close(tg.matrix_exp(2 * small), tg.matrix_exp(small).matrix_power(2), dtype)
    close(tg.linalg.matrix_power(regular, -3) @ regular @ regular @ regular, eye, "float32")


def test_triangular_systems_of_every_kind():
    A, B = draw((2, 150, 150)) / 20 + 4 * tg.eye(150, dtype=tg.float64), draw((2, 150, 3), seed=1)
    for upper in (True, False):
        for unit in (True, False):
            T = A.triu() if upper else A.tril()
            if unit:
                T = T - tg.diag_embed(T.diagonal(0, -2, -1)) + eye_like(T)
            options = {"upper": upper, "unitriangular": unit}
            close(T @ tg.linalg.solve_triangular(A, B, **options), B)
            close(tg.linalg.solve_triangular(A, B.mT, left=False, **options) @ T, B.mT)
    singular = tg.tensor([[0.0, 1.0], [0.0, 1.0]])
    assert tg.linalg.solve_triangular(singular, tg.ones(2, 1), upper=True).tolist()[1] == [1.0]


def test_elimination_exchanges_rows_as_lapack_does():
    packed, pivots, info = tg.linalg.lu_factor_ex(tg.tensor([[1.0, 2.0], [4.0, 2.0]]))
    assert packed.tolist() == [[4.0, 2.0], [0.25, 1.5]]
    assert (pivots.tolist(), info.item()) == ([2, 2], 0)
    assert tg.linalg.lu_factor_ex(tg.zeros(2, 3, 3)).info.tolist() == [1, 1]


def test_least_squares():
    A, B = draw((5, 3)), draw((5, 2), seed=1)
    found = tg.linalg.lstsq(A, B, driver="gelsd")
    close(A.mT @ (A @ found.solution - B), tg.zeros(3, 2).double())
    close(found.residuals, ((A @ found.solution - B) ** 2).sum(0))
    assert (found.rank.item(), found.singular_values.shape) == (3, (3,))
    wide = tg.linalg.lstsq(A.mT, B[:3]).solution
    close(A.mT @ wide, B[:3])
    close(wide, tg.linalg.pinv(A.mT) @ B[:3])


def test_rank_and_condition():
    A = tg.diag(tg.tensor([1.0, 0.1, 1e-9]))
    assert tg.linalg.matrix_rank(A).item() == 2
    assert tg.linalg.matrix_rank(A, atol=0.5).item() == 1
    assert tg.linalg.matrix_rank(A, rtol=1e-12, hermitian=True).item() == 3
    assert tg.linalg.matrix_rank(A, atol=tg.tensor(0.5)).item() == 1
    assert tg.linalg.cond(tg.diag(tg.tensor([4.0, 1.0]))).item() == 4
    assert tg.linalg.cond(tg.ones(2, 2), 1).item() == float("inf")


def test_gradients_of_determinants_of_singular_matrices():
    A = tg.tensor([[1.0, 2.0], [2.0, 4.0]], dtype=tg.float64, requires_grad=True)
    (g,) = tg.autograd.grad(tg.linalg.det(A), A)
    close(g, tg.tensor([[4.0, -2.0], [-2.0, 1.0]], dtype=tg.float64))


def test_values_of_repeated_singular_values_have_a_gradient():
    A = tg.eye(3, dtype=tg.float64).requires_grad_()
    for values in (tg.linalg.svdvals, tg.linalg.eigvalsh):
        (g,) = tg.autograd.grad(values(A).sum(), A)
        close(g, tg.eye(3, dtype=tg.float64))


def test_an_output_changed_before_the_backward_pass_is_noticed():
    A = draw((3, 3)).requires_grad_()
    Q, R = tg.linalg.qr(A)
    with tg.no_grad():
        Q.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        R.sum().backward()


#: Functions of complex matrices whose values do not depend on what a decomposition is free to choose.
COMPLEX = {
    "inv": lambda t, A: t.linalg.inv(A),
    "solve": lambda t, A: t.linalg.solve(A, A.mH[..., :1]),
    "det": lambda t, A: t.linalg.det(A),
    "slogdet": lambda t, A: t.linalg.slogdet(A),
    "qr": lambda t, A: t.linalg.qr(A),
    "svd": lambda t, A: (lambda U, S, V: (S, (U * S.unsqueeze(-2) ** 2) @ V))(*t.linalg.svd(A)),
    "eigh": lambda t, A: (lambda w, V: (w, (V * w.unsqueeze(-2) ** 2) @ V.mH))(*t.linalg.eigh(A + A.mH)),
    "eig": lambda t, A: (lambda w, V: (w.abs(), (V * w.unsqueeze(-2) ** 2) @ t.linalg.inv(V)))(*t.linalg.eig(A)),
    "cholesky": lambda t, A: t.linalg.cholesky(A @ A.mH + A.mH @ A),
    "lu_factor": lambda t, A: t.linalg.lu_factor(A)[0],
    "pinv": lambda t, A: t.linalg.pinv(A[..., :2]),
    "lstsq": lambda t, A: t.linalg.lstsq(A[..., :2], A.mH)[0],
    "matrix_exp": lambda t, A: t.matrix_exp(A / 4),
    "solve_triangular": lambda t, A: t.linalg.solve_triangular(A, A.mH, upper=True),
    "householder_product": lambda t, A: t.linalg.householder_product(A / 4, A[..., 0] / 4),
    "nuclear": lambda t, A: t.linalg.matrix_norm(A, "nuc"),
    "columns": lambda t, A: t.linalg.matrix_norm(A, 1),
}


@pytest.mark.parametrize("name", COMPLEX)
def test_complex_gradients_agree_with_the_oracle(name):
    oracle = pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")
    values = draw((2, 3, 3), "complex128", seed=5).numpy() + 2 * np.diag([1, 2, 4])

    def derivatives(t):
        A = t.from_numpy(values.copy()).requires_grad_()
        outs = COMPLEX[name](t, A)
        outs = outs if isinstance(outs, tuple) else (outs,)
        loss = sum(((out.real * 0.7 + out.abs() ** 2) * (i + 1)).sum() for i, out in enumerate(outs))
        (g,) = t.autograd.grad(loss, A, create_graph=True)
        (again,) = t.autograd.grad((g.abs() ** 2).sum(), A)
        return [each.detach().numpy() for each in (g, again)]

    for ours, theirs in zip(derivatives(tg), derivatives(oracle), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-7 * max(1, np.abs(theirs).max()))


@pytest.mark.parametrize(
    "function",
    [
        lambda A: tg.linalg.householder_product(A, A[..., 0]),
        lambda A: tg.linalg.lu_solve(*tg.linalg.lu_factor(A), A.mT),
        lambda A: tg.linalg.multi_dot([A, A.mT, A[:, 0]]),
        lambda A: tg.logdet(A @ A.mT),
        lambda A: tg.linalg.cross(A, A.mT),
        lambda A: tg.linalg.vander(A[0], 4),
        lambda A: tg.linalg.cond(A, "fro"),
        lambda A: tg.addr(A, A[0], A[1], beta=2, alpha=3),
    ],
)
def test_compositions(function):
    A = (draw((3, 3)) + 3 * tg.eye(3, dtype=tg.float64)).requires_grad_()
    assert gradcheck(function, A)
    assert gradgradcheck(function, A)


ERRORS = [
    (lambda t: t.linalg.inv(t.zeros(2, 2)), "LinAlgError", "linalg.inv: The diagonal element 1 is zero, the inversion"),
    (lambda t: t.linalg.inv(t.zeros(1, 2, 2)), "LinAlgError", "linalg.inv: (Batch element 0): The diagonal element 1"),
    (
        lambda t: t.linalg.inv(t.ones(2, 3)),
        "RuntimeError",
        "linalg.inv: A must be batches of square matrices, but they",
    ),
    (
        lambda t: t.linalg.inv(t.ones(3)),
        "RuntimeError",
        "linalg.inv: The input tensor A must have at least 2 dimensions",
    ),
    (
        lambda t: t.linalg.inv(t.ones(2, 2).half()),
        "RuntimeError",
        "linalg.inv: Low precision dtypes not supported. Got",
    ),
    (lambda t: t.linalg.det(t.ones(2, 2).long()), "RuntimeError", "linalg.det: Expected a floating point or complex"),
    (lambda t: t.linalg.solve(t.ones(2, 2), t.ones(2)), "LinAlgError", "torch.linalg.solve: The solver failed because"),
    (lambda t: t.linalg.solve(t.eye(2), t.ones(3)), "RuntimeError", "linalg.solve: Incompatible shapes of A and B for"),
    (
        lambda t: t.linalg.cholesky(-t.eye(3)),
        "LinAlgError",
        "linalg.cholesky: The factorization could not be completed",
    ),
    (lambda t: t.linalg.qr(t.eye(2), "x"), "RuntimeError", "qr received unrecognized mode 'x' but expected one of"),
    (lambda t: t.linalg.lstsq(t.ones(2, 2), t.ones(3, 1)), "RuntimeError", "torch.linalg.lstsq: input.size(-2) should"),
    (lambda t: t.linalg.matrix_norm(t.ones(2, 2), 3), "RuntimeError", "linalg.matrix_norm: Order 3 not supported."),
    (lambda t: t.linalg.matrix_norm(t.ones(2, 2), dim=(0, 0)), "RuntimeError", "linalg.matrix_norm: dims must be diff"),
    (
        lambda t: t.linalg.norm(t.ones(2, 2, 2), 2),
        "RuntimeError",
        "linalg.norm: If dim is not specified but ord is, the",
    ),
    (
        lambda t: t.linalg.multi_dot([t.ones(2, 2)]),
        "RuntimeError",
        "multi_dot(): expected at least 2 tensors but got 1",
    ),
    (lambda t: t.linalg.tensorinv(t.ones(2, 3)), "RuntimeError", "Expected self to satisfy the requirement prod"),
    (lambda t: t.cdist(t.ones(2, 2), t.ones(2, 3)), "RuntimeError", "X1 and X2 must have the same number of columns."),
    (
        lambda t: t.linalg.qr(t.ones(3, 2, requires_grad=True), "complete")[0].sum().backward(),
        "RuntimeError",
        "The QR decomposition is not differentiable when mode='complete' and nrows > ncols",
    ),
]


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("call", "error", "message"), ERRORS)
def test_errors(library, call, error, message):
    with pytest.raises(RuntimeError) as caught:
        call(library)
    assert type(caught.value).__name__.lstrip("_") == error
    assert str(caught.value).startswith(message)


def test_singular_matrices_without_an_error():
    A = tg.stack([tg.eye(2), tg.zeros(2, 2)])
    result = tg.linalg.inv_ex(A)
    assert result.info.tolist() == [0, 1]
    assert result.inverse[0].tolist() == [[1.0, 0.0], [0.0, 1.0]]
    assert tg.linalg.solve_ex(A, tg.ones(2, 2)).info.tolist() == [0, 1]
    assert tg.linalg.cholesky_ex(-A).info.tolist() == [1, 1]
    assert tg.linalg.cholesky_ex(tg.stack([tg.eye(2), -tg.eye(2)])).L[0].tolist() == [[1.0, 0.0], [0.0, 1.0]]
    with pytest.raises(tg.linalg.LinAlgError, match="not positive-definite"):
        tg.linalg.cholesky_ex(-A, check_errors=True)


def test_results_have_names_and_can_be_written_to_tensors():
    A = draw((3, 3))
    assert type(tg.linalg.svd(A)).__name__ == "linalg_svd"
    assert type(tg.svd(A)).__name__ == "svd"
    close(tg.svd(A).V, tg.linalg.svd(A).Vh.mH)
    out = (tg.empty(0).double(), tg.empty(0).double())
    found = tg.linalg.qr(A, out=out)
    assert found.Q is out[0]
    close(out[0] @ out[1], A)
    single = tg.empty(0).double()
    assert tg.linalg.inv(A, out=single) is single
    x = tg.ones(2, 2)
    assert x.addmm_(x.clone(), x.clone(), beta=2).tolist() == [[4.0, 4.0], [4.0, 4.0]]
    assert tg.addr(tg.tensor([True]), tg.tensor([True, False]), tg.tensor([True]), beta=0).tolist() == [[True], [False]]


def test_low_rank():
    A = draw((20, 3)) @ draw((3, 30), seed=1)
    U, S, V = tg.svd_lowrank(A, q=5)
    close((U * S) @ V.mH, A)
    U, S, V = tg.pca_lowrank(A, q=4)
    close((U * S) @ V.mH, A - A.mean(0))


def test_products_of_chains_and_pairs():
    with pytest.warns(UserWarning, match="chain_matmul is deprecated"):
        close(tg.chain_matmul(draw((2, 3)), draw((3, 4))), draw((2, 3)) @ draw((3, 4)))
    x, y = draw((30, 2)), draw((7, 2), seed=1)
    product = tg.cdist(x, y)
    close(product, tg.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist"))
    close(product, (x[:, None] - y).norm(dim=-1))
