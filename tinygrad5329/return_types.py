"""The named tuples that operations with several results return (``torch.return_types``).

>>> import tinygrad5329 as tg
>>> tg.tensor([3.0, 5.0, 4.0]).max(dim=0)
tinygrad5329.return_types.max(
values=tensor(5.),
indices=tensor(1))
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import itemgetter
from typing import Any

from tinygrad5329.spelling import spelled

__all__ = [
    "aminmax",
    "cummax",
    "cummin",
    "frexp",
    "geqrf",
    "histogram",
    "histogramdd",
    "kthvalue",
    "linalg_cholesky_ex",
    "linalg_eig",
    "linalg_eigh",
    "linalg_inv_ex",
    "linalg_ldl_factor",
    "linalg_ldl_factor_ex",
    "linalg_lstsq",
    "linalg_lu",
    "linalg_lu_factor",
    "linalg_lu_factor_ex",
    "linalg_qr",
    "linalg_slogdet",
    "linalg_solve_ex",
    "linalg_svd",
    "lu_unpack",
    "max",
    "median",
    "min",
    "mode",
    "nanmedian",
    "qr",
    "slogdet",
    "sort",
    "svd",
    "topk",
    "triangular_solve",
]


class _Result(tuple[Any, ...]):
    """A tuple whose entries also have names; made from an iterable, as PyTorch's are."""

    __slots__ = ()
    __match_args__: tuple[str, ...] = ()

    def __new__(cls, values: Iterable[Any]) -> _Result:
        made = super().__new__(cls, values)
        if len(made) != len(cls.__match_args__):
            raise TypeError(
                f"{cls.__module__}.{cls.__qualname__}() takes a {len(cls.__match_args__)}-sequence "
                f"({len(made)}-sequence given)"
            )
        return made

    def __getnewargs__(self) -> tuple[Any, ...]:
        return (tuple(self),)

    def __repr__(self) -> str:
        entries = ",\n".join(f"{name}={value!r}" for name, value in zip(self.__match_args__, self, strict=True))
        return spelled(f"return_types.{type(self).__qualname__}(\n{entries})")


def _define(name: str, *fields: str) -> Any:
    members: dict[str, Any] = {
        "__slots__": (),
        "__module__": __name__,
        "__match_args__": fields,
        "__doc__": f"What ``{name}`` returns: ``({', '.join(fields)})``.",
    }
    for position, field in enumerate(fields):
        members[field] = property(itemgetter(position))
    return type(name, (_Result,), members)


aminmax = _define("aminmax", "min", "max")
cummax = _define("cummax", "values", "indices")
cummin = _define("cummin", "values", "indices")
frexp = _define("frexp", "mantissa", "exponent")
histogram = _define("histogram", "hist", "bin_edges")
histogramdd = _define("histogramdd", "hist", "bin_edges")
kthvalue = _define("kthvalue", "values", "indices")
max = _define("max", "values", "indices")
median = _define("median", "values", "indices")
min = _define("min", "values", "indices")
mode = _define("mode", "values", "indices")
nanmedian = _define("nanmedian", "values", "indices")
sort = _define("sort", "values", "indices")
topk = _define("topk", "values", "indices")
geqrf = _define("geqrf", "a", "tau")
linalg_cholesky_ex = _define("linalg_cholesky_ex", "L", "info")
linalg_eig = _define("linalg_eig", "eigenvalues", "eigenvectors")
linalg_eigh = _define("linalg_eigh", "eigenvalues", "eigenvectors")
linalg_inv_ex = _define("linalg_inv_ex", "inverse", "info")
linalg_ldl_factor = _define("linalg_ldl_factor", "LD", "pivots")
linalg_ldl_factor_ex = _define("linalg_ldl_factor_ex", "LD", "pivots", "info")
linalg_lstsq = _define("linalg_lstsq", "solution", "residuals", "rank", "singular_values")
linalg_lu = _define("linalg_lu", "P", "L", "U")
linalg_lu_factor = _define("linalg_lu_factor", "LU", "pivots")
linalg_lu_factor_ex = _define("linalg_lu_factor_ex", "LU", "pivots", "info")
linalg_qr = _define("linalg_qr", "Q", "R")
linalg_slogdet = _define("linalg_slogdet", "sign", "logabsdet")
linalg_solve_ex = _define("linalg_solve_ex", "result", "info")
linalg_svd = _define("linalg_svd", "U", "S", "Vh")
lu_unpack = _define("lu_unpack", "P", "L", "U")
qr = _define("qr", "Q", "R")
slogdet = _define("slogdet", "sign", "logabsdet")
svd = _define("svd", "U", "S", "V")
triangular_solve = _define("triangular_solve", "solution", "cloned_coefficient")
