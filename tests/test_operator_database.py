"""PyTorch's own operator and module databases: everything passes but the gaps that are listed with their reasons."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")
pytest.importorskip("expecttest", reason="oracle: pip install 'tinygrad5329[oracle]'")

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from torch.testing._internal.common_methods_invocations import op_db
    from torch.testing._internal.common_modules import module_db

from benchmarks.opinfo import check as operators  # noqa: E402
from benchmarks.opinfo import modules  # noqa: E402
from benchmarks.opinfo.__main__ import reason_to_leave_out  # noqa: E402

#: Operators that do not pass, or do not exist, with the reason.
_TIES = "which of equal elements an unstable sort puts first is not defined"
GAPS: dict[str, str] = {
    "addbmm": "PyTorch's addbmm_ resizes its input",
    "argsort": _TIES,
    "as_strided_scatter": "PyTorch's gradient of the input passes where it was overwritten",
    "kthvalue": _TIES,
    "linalg.norm.subgradients_at_zero": "PyTorch's second derivative at zero is NaN; here it is zero",
    "sort": _TIES,
    "special.bessel_j0": "PyTorch's float64 values are off by up to 4.5e-7",
    "special.bessel_y1": "PyTorch's float64 values are off by up to 4.5e-7",
    "topk": _TIES,
}
#: Modules likewise.
MODULE_GAPS: dict[str, str] = {}

INFOS = {
    f"{info.name}.{info.variant_test_name}".strip("."): info for info in op_db if not reason_to_leave_out(info.name)
}
DTYPES = [torch.float32, torch.float64, torch.int64, torch.bool]


@pytest.mark.parametrize("name", sorted(INFOS))
def test_operator(name):
    outcome = operators.check(INFOS[name], DTYPES, 3, {"forward", "method", "inplace", "out", "gradient", "second"})
    if name in GAPS:
        assert not outcome.ok, f"{name} passes now: take it off the list of gaps"
        pytest.skip(GAPS[name])
    assert not outcome.missing
    assert not outcome.failed, "\n".join(outcome.messages)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("info", module_db, ids=lambda info: info.module_cls.__name__)
def test_module(info):
    name = info.module_cls.__name__
    report = modules.Report(name)
    with np.errstate(all="ignore"):
        modules.check(info, torch.float64, report, most=4)
    if name in MODULE_GAPS:
        assert report.missing or report.failed, f"{name} passes now: take it off the list of gaps"
        pytest.skip(MODULE_GAPS[name])
    assert not report.missing
    assert not report.failed, "\n".join(report.messages)
