"""Automatic differentiation for users: ``backward``, ``grad``, gradient checks, the anomaly finder."""

from tinygrad5329.autograd import forward_ad, functional, graph, profiler
from tinygrad5329.autograd.anomaly import (
    AnomalyError,
    AnomalyWarning,
    detect_anomaly,
    is_anomaly_enabled,
    set_detect_anomaly,
)
from tinygrad5329.autograd.backward import backward, grad
from tinygrad5329.autograd.function import Function
from tinygrad5329.autograd.gradcheck import GradcheckError, gradcheck, gradgradcheck
from tinygrad5329.autograd.intercept import intercept
from tinygrad5329.autograd.variable import Variable
from tinygrad5329.grad_mode import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    no_grad,
    set_grad_enabled,
)

__all__ = [
    "AnomalyError",
    "AnomalyWarning",
    "Function",
    "GradcheckError",
    "Variable",
    "backward",
    "detect_anomaly",
    "enable_grad",
    "forward_ad",
    "functional",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "graph",
    "inference_mode",
    "intercept",
    "is_anomaly_enabled",
    "is_grad_enabled",
    "no_grad",
    "profiler",
    "set_detect_anomaly",
    "set_grad_enabled",
]
