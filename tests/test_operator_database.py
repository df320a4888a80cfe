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

KINDS = {"forward", "method", "inplace", "out", "gradient", "second", "error"}
DTYPES = ["float32", "float64", "int64", "bool"]
_TIES = "which of equal elements an unstable sort puts first is not defined"
_BESSEL = "PyTorch's float64 values are off by up to 4.5e-7"
#: What of an operator does not agree, kinds of checks or dtypes, with the reason. The rest of it must pass.
GAPS: dict[str, tuple[set[str], str]] = {
    "addbmm": ({"inplace"}, "PyTorch's addbmm_ resizes its input"),
    "argsort": ({"int64", "bool"}, _TIES),
    "as_strided_scatter": ({"gradient", "second"}, "PyTorch's gradient of the input passes where it was overwritten"),
    "kthvalue": ({"int64", "bool"}, _TIES),
    "linalg.norm.subgradients_at_zero": ({"second"}, "PyTorch's second derivative at zero is NaN; here it is zero"),
    "narrow_copy": ({"error"}, "IndexError for a dim out of range, as elsewhere; PyTorch RuntimeError"),
    "sort": ({"int64", "bool"}, _TIES),
    "special.bessel_j0": ({"float64"}, _BESSEL),
    "special.bessel_y1": ({"float64"}, _BESSEL),
    "topk": ({"int64", "bool"}, _TIES),
}
#: Modules likewise.
MODULE_GAPS: dict[str, str] = {}

INFOS = {
    f"{info.name}.{info.variant_test_name}".strip("."): info for info in op_db if not reason_to_leave_out(info.name)
}


def run(name, dtypes, kinds):
    return operators.check(INFOS[name], [getattr(torch, each) for each in dtypes], 3, kinds)


@pytest.mark.parametrize("name", sorted(INFOS))
def test_operator(name):
    left_out = GAPS.get(name, (set(), ""))[0]
    outcome = run(name, [each for each in DTYPES if each not in left_out], KINDS - left_out)
    assert not outcome.missing
    assert not outcome.failed, "\n".join(outcome.messages)


@pytest.mark.parametrize("name", sorted(GAPS))
def test_the_gaps_are_still_there(name):
    reason = GAPS[name][1]
    outcome = operators.check(INFOS[name], [getattr(torch, each) for each in DTYPES], 40, KINDS)
    assert not outcome.ok, f"{name} passes now, take it off the list: {reason}"


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
