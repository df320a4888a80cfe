"""Modules of torch that are left out on purpose: why, and what to do instead."""

from __future__ import annotations

__all__ = ["reason"]

_REASONS = {
    "_C": "the engine has no C++ side",
    "ao": "quantization is not supported",
    "export": "there is no ahead-of-time compiler; save the state_dict instead",
    "fx": "functions are not rewritten; tinygrad5329.graph reads the graph of a run",
    "library": "there is no dispatcher to register with; write a torch.autograd.Function",
    "masked": "masked tensors are not supported",
    "nested": "nested tensors are not supported; torch.nn.utils.rnn.pad_sequence pads",
    "ops": "there is no dispatcher to call through; call the function under its public name",
    "quantization": "quantization is not supported",
    "sparse": "tensors are dense here",
    "utils.benchmark": "time with Python's timeit, or `python -m benchmarks` in the source tree",
    "utils.bottleneck": "torch.profiler.profile tells where the time goes",
    "utils.cpp_extension": "the engine has no C++ side; write a torch.autograd.Function",
}


def reason(path: str) -> str:
    """Why the dotted name `path` of torch is not here, if that was decided; else ''.

    >>> reason("torch.sparse.mm")
    'tensors are dense here'
    """
    place = path.removeprefix("torch.")
    return next((why for name, why in _REASONS.items() if f"{place}.".startswith(f"{name}.")), "")
