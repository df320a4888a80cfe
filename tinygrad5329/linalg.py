"""``torch.linalg``: norms, decompositions, systems of equations and products of matrices.

>>> import tinygrad5329 as tg
>>> A = tg.tensor([[2.0, 0.0], [1.0, 3.0]])
>>> tg.linalg.solve(A, tg.tensor([2.0, 4.0]))
tensor([1., 1.])
>>> tg.linalg.norm(A, 1)
tensor(3.)
"""

from __future__ import annotations

from tinygrad5329.ops.arguments import explain_all
from tinygrad5329.ops.decompositions.chains import multi_dot
from tinygrad5329.ops.decompositions.checks import LinAlgError
from tinygrad5329.ops.decompositions.cholesky import cholesky, cholesky_ex
from tinygrad5329.ops.decompositions.determinant import det, slogdet
from tinygrad5329.ops.decompositions.eigen import eig, eigh, eigvals, eigvalsh
from tinygrad5329.ops.decompositions.exponential import matrix_exp, matrix_power
from tinygrad5329.ops.decompositions.lu import lu, lu_factor, lu_factor_ex, lu_solve
from tinygrad5329.ops.decompositions.matrix_norms import cond, matrix_norm, norm, vector_norm
from tinygrad5329.ops.decompositions.pseudoinverse import lstsq, pinv
from tinygrad5329.ops.decompositions.qr import householder_product, qr
from tinygrad5329.ops.decompositions.singular import matrix_rank, svd, svdvals
from tinygrad5329.ops.decompositions.solve import inv, inv_ex, solve, solve_ex, tensorinv, tensorsolve
from tinygrad5329.ops.decompositions.symmetric_indefinite import ldl_factor, ldl_factor_ex, ldl_solve
from tinygrad5329.ops.decompositions.triangular import solve_triangular
from tinygrad5329.ops.linalg import matmul
from tinygrad5329.ops.promote import expect_tensor
from tinygrad5329.ops.vectors import linalg_cross as cross
from tinygrad5329.ops.vectors import vander, vecdot
from tinygrad5329.tensor import Tensor

__all__ = [
    "LinAlgError", "cholesky", "cholesky_ex", "cond", "cross", "det", "diagonal", "eig", "eigh", "eigvals", "eigvalsh",
    "householder_product", "inv", "inv_ex", "ldl_factor", "ldl_factor_ex", "ldl_solve", "lstsq", "lu", "lu_factor",
    "lu_factor_ex", "lu_solve", "matmul", "matrix_exp", "matrix_norm", "matrix_power", "matrix_rank", "multi_dot",
    "norm", "pinv", "qr", "slogdet", "solve", "solve_ex", "solve_triangular", "svd", "svdvals", "tensorinv",
    "tensorsolve", "vander", "vecdot", "vector_norm",
]  # fmt: skip


def diagonal(A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """The diagonal of matrices, a view (``torch.linalg.diagonal``)."""
    expect_tensor("linalg.diagonal", "A", A)
    return A.diagonal(offset, dim1, dim2)


explain_all(globals(), __all__, __name__)
