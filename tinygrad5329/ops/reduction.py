"""Everything that reduces dimensions or runs along one, gathered from the files that define it."""

from __future__ import annotations

from tinygrad5329.ops.exponential_sums import log_softmax, logcumsumexp, logsumexp, softmax
from tinygrad5329.ops.extrema import amax, amin, aminmax, argmax, argmin, max, min
from tinygrad5329.ops.moments import std, std_mean, var, var_mean
from tinygrad5329.ops.norms import norm
from tinygrad5329.ops.ordering import argsort, kthvalue, median, mode, msort, nanmedian, sort, topk
from tinygrad5329.ops.quantiles import nanquantile, quantile
from tinygrad5329.ops.scan import cummax, cummin, cumprod, cumsum
from tinygrad5329.ops.totals import all, any, count_nonzero, mean, nanmean, nansum, prod, sum

__all__ = [
    "all", "amax", "amin", "aminmax", "any", "argmax", "argmin", "argsort", "count_nonzero", "cummax",
    "cummin", "cumprod", "cumsum", "kthvalue", "log_softmax", "logcumsumexp", "logsumexp", "max", "mean",
    "median", "min", "mode", "msort", "nanmean", "nanmedian", "nanquantile", "nansum", "norm", "prod",
    "quantile", "softmax", "sort", "std", "std_mean", "sum", "topk", "var", "var_mean",
]  # fmt: skip
