"""Decompositions of matrices and what is solved with them, batched and differentiable to every order.

Forward passes are LAPACK's through ``numpy.linalg``, with what NumPy has not (LU, LDL, triangular systems)
written over stacks of matrices. ``tinygrad5329.linalg`` names all of it as PyTorch does.
"""

from __future__ import annotations

from tinygrad5329.ops.decompositions import legacy as _legacy
from tinygrad5329.ops.decompositions.chains import chain_matmul
from tinygrad5329.ops.decompositions.cholesky_systems import cholesky_inverse, cholesky_solve
from tinygrad5329.ops.decompositions.determinant import det, logdet
from tinygrad5329.ops.decompositions.exponential import matrix_exp, matrix_power
from tinygrad5329.ops.decompositions.legacy import *
from tinygrad5329.ops.decompositions.lowrank import pca_lowrank, svd_lowrank
from tinygrad5329.ops.decompositions.lu import lu_unpack
from tinygrad5329.ops.decompositions.qr import geqrf, orgqr, ormqr

__all__ = [
    "chain_matmul", "cholesky_inverse", "cholesky_solve", "det", "geqrf", "logdet", "lu_unpack", "matrix_exp",
    "matrix_power", "orgqr", "ormqr", "pca_lowrank", "svd_lowrank", *_legacy.__all__,
]  # fmt: skip
