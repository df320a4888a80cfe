"""``gradcheck`` and ``gradgradcheck``: gradients against central differences, and why they differ.

The numeric Jacobian of a function is compared with the one that the tape gives, element by element. On
failure the message names the output, the input and the elements, and the likely cause (see ``diagnosis``).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad5329.autograd.backward import grad
from tinygrad5329.autograd.diagnosis import likely_cause
from tinygrad5329.dtypes import FLOATING, INEXACT
from tinygrad5329.grad_mode import enable_grad
from tinygrad5329.tensor import Tensor, wrap

__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]


class GradcheckError(RuntimeError):
    """What :func:`gradcheck` and :func:`gradgradcheck` raise (``torch.autograd.gradcheck.GradcheckError``)."""


def gradcheck(
    func: Callable[..., Tensor | Sequence[Tensor]],
    inputs: Tensor | Sequence[Any],
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Compare the gradients of `func` at `inputs` with central differences (``torch.autograd.gradcheck``).

    Parameters
    ----------
    func : callable
        Takes the inputs; returns a tensor or a sequence of tensors. It must be deterministic.
    inputs : Tensor or sequence
        What `func` is called with; gradients are checked for tensors that require them, which should be
        float64. Their elements are changed and restored in place, so that `func` may also close over them.
    eps : float
        The step of the differences.
    atol, rtol : float
        Gradients ``a`` and ``n`` agree where ``|a - n| <= atol + rtol * |n|``.
    raise_exception : bool
        Raise on failure; otherwise return False.
    nondet_tol : float
        By how much two runs of the same backward pass may differ.
    check_undefined_grad : bool
        Of a function with several outputs, check that an output without a gradient counts as one whose
        gradient is zero.
    check_grad_dtypes : bool
        Check that gradients have the dtype of their inputs.
    check_batched_grad, check_batched_forward_grad, check_forward_ad, fast_mode, masked
        Not supported: RuntimeError if true.
    check_backward_ad : bool
        Must be true, the other mode not being supported.

    Returns
    -------
    bool
        True if all gradients agree.

    Raises
    ------
    GradcheckError
        If they do not, and `raise_exception`. The message says which output, input and elements differ,
        both values, and the likely cause.
    ValueError
        If no input requires a gradient, or `func` returns something other than tensors.

    Examples
    --------
    >>> import tinygrad5329 as tg
    >>> x = tg.tensor([0.5, 2.0], dtype=tg.float64, requires_grad=True)
    >>> tg.autograd.gradcheck(lambda x: x.log(), x)
    True
    """
    _supported(
        "gradcheck",
        check_batched_grad=check_batched_grad,
        check_batched_forward_grad=check_batched_forward_grad,
        check_forward_ad=check_forward_ad,
        fast_mode=fast_mode,
        masked=bool(masked),
    )
    if not check_backward_ad:
        raise ValueError("Expected at least one of check_forward_ad or check_backward_ad to be True")
    check = _Check(func, _as_tuple(inputs), eps, atol, rtol, nondet_tol)
    try:
        with enable_grad():
            check.run(check_undefined_grad, check_grad_dtypes)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func: Callable[..., Tensor | Sequence[Tensor]],
    inputs: Tensor | Sequence[Any],
    grad_outputs: Tensor | Sequence[Tensor] | None = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """Compare second derivatives with differences of first ones (``torch.autograd.gradgradcheck``).

    The gradients of `func`, weighted with `grad_outputs` (fixed pseudo-random ones by default), are
    themselves checked as a function of the inputs and of `grad_outputs`. The other parameters, the
    result and the errors are those of :func:`gradcheck`.

    >>> import tinygrad5329 as tg
    >>> x = tg.tensor([0.5, 2.0], dtype=tg.float64, requires_grad=True)
    >>> tg.autograd.gradgradcheck(lambda x: x**3, x)
    True
    """
    _supported("gradgradcheck", check_fwd_over_rev=check_fwd_over_rev, masked=masked)
    if not check_rev_over_rev:
        raise ValueError("Expected at least one of check_fwd_over_rev or check_rev_over_rev to be True")
    given = _as_tuple(inputs)
    with enable_grad():
        outputs = _differentiable(_outputs(func, given))
    if grad_outputs is None:
        rng = np.random.default_rng(5329)
        weights = [wrap(_noise(rng, out, gen_non_contig_grad_outputs)).requires_grad_() for out in outputs]
    else:
        # A fresh tensor, so that the caller's own need not require a gradient.
        weights = [t if t.requires_grad else t.detach().requires_grad_() for t in _as_tuple(grad_outputs)]
    if len(weights) != len(outputs):
        raise ValueError(
            f"gradgradcheck: got {len(weights)} grad_outputs for {len(outputs)} outputs that require a gradient"
        )
    count = len(given)

    def first_gradients(*arguments: Any) -> tuple[Tensor, ...]:
        wanted = [t for t in arguments[:count] if isinstance(t, Tensor) and t.requires_grad]
        results = _differentiable(_outputs(func, arguments[:count]))
        found = grad(results, wanted, arguments[count:], create_graph=True, allow_unused=True)
        return tuple([g for g in found if g is not None])

    return gradcheck(
        first_gradients,
        (*given, *weights),
        eps=eps,
        atol=atol,
        rtol=rtol,
        raise_exception=raise_exception,
        nondet_tol=nondet_tol,
        check_undefined_grad=check_undefined_grad,
        check_grad_dtypes=check_grad_dtypes,
        check_batched_grad=check_batched_grad,
        fast_mode=fast_mode,
    )


class _Check:
    """One run of gradcheck: the function, its inputs, and how exact the answer has to be."""

    def __init__(
        self, func: Callable[..., Any], inputs: tuple[Any, ...], eps: float, atol: float, rtol: float, nondet: float
    ) -> None:
        self.func = func
        self.inputs = inputs
        self.eps, self.atol, self.rtol, self.nondet = eps, atol, rtol, nondet
        #: The inputs that are checked, with their positions among all of them.
        self.checked = [(i, t) for i, t in enumerate(inputs) if isinstance(t, Tensor) and t.requires_grad]
        if not self.checked:
            raise ValueError(
                "gradcheck expects at least one input tensor to require gradient, but none of the them have "
                "requires_grad=True."
            )
        for i, t in self.checked:
            _check_input(i, t)

    def run(self, undefined: bool, dtypes: bool) -> None:
        before = [t.detach().numpy().copy() for _, t in self.checked]
        outputs = _outputs(self.func, self.inputs)
        for (i, t), old in zip(self.checked, before, strict=True):
            if not np.array_equal(t.detach().numpy(), old, equal_nan=True):
                raise GradcheckError(
                    f"gradcheck: func changes input {i} in place, so its gradient at the given point is not "
                    "defined; let func work on input.clone()"
                )
        numeric = [self.numeric(t) for _, t in self.checked]
        again = _outputs(self.func, self.inputs)
        for o, out in enumerate(outputs):
            self.same_twice(f"output {o}", out.detach().numpy(), again[o].detach().numpy())
            if not out.requires_grad:
                self.expect_zero(o, out, [jacobians[o] for jacobians in numeric])
                continue
            analytic = self.analytic(out, dtypes)
            repeated = self.analytic(again[o], False)
            for k, (i, t) in enumerate(self.checked):
                self.compare(o, out, i, t, analytic[k], numeric[k][o])
                if analytic[k] is not None:
                    self.same_twice(f"the gradient of output {o} for input {i}", analytic[k], repeated[k])
            self.multiplies(o, out)
        if undefined:
            self.undefined_as_zero([out for out in outputs if out.requires_grad])

    # --- the two Jacobians, as arrays of shape (elements of the input, elements of the output) -----------

    def numeric(self, t: Tensor) -> list[Any]:
        """Central differences of all outputs by the elements of `t`."""
        columns = []
        for index in np.ndindex(t._array.shape):
            high, low = (self.shifted(t, index, step) for step in (self.eps, -self.eps))
            with np.errstate(all="ignore"):
                columns.append([(h - w) / (2 * self.eps) for h, w in zip(high, low, strict=True)])
        if not columns:
            return [np.zeros((0, out._array.size)) for out in _outputs(self.func, self.inputs)]
        return [np.stack(rows).reshape(len(columns), -1) for rows in zip(*columns, strict=True)]

    def shifted(self, t: Tensor, index: tuple[int, ...], step: float) -> list[Any]:
        """All outputs, flat in float64, with one element of `t` moved by `step`."""
        array = t._array
        old = array[index].copy()
        try:
            array[index] = old + step
            return [np.array(out._array, dtype=np.float64).reshape(-1) for out in _outputs(self.func, self.inputs)]
        finally:
            array[index] = old

    def analytic(self, out: Tensor, dtypes: bool) -> list[Any]:
        """What the tape says; None for inputs that it does not reach."""
        tensors = [t for _, t in self.checked]
        rows: list[list[Any]] = [[] for _ in tensors]
        reached = [False] * len(tensors)
        for index in np.ndindex(out._array.shape):
            seed = np.zeros_like(out._array, order="C")
            seed[index] = 1
            for k, g in enumerate(grad(out, tensors, wrap(seed), retain_graph=True, allow_unused=True)):
                if g is None:
                    rows[k].append(np.zeros(tensors[k]._array.size))
                    continue
                reached[k] = True
                self.fits(g, *self.checked[k], dtypes)
                rows[k].append(np.array(g._array, dtype=np.float64).reshape(-1))
        if out._array.size == 0:
            return [np.zeros((t._array.size, 0)) for t in tensors]
        return [np.stack(r, axis=1) if ok else None for r, ok in zip(rows, reached, strict=True)]

    # --- the checks --------------------------------------------------------------------------------------

    def fits(self, g: Tensor, i: int, t: Tensor, dtypes: bool) -> None:
        if g.shape != t.shape:
            raise GradcheckError(
                f"gradcheck: the gradient for input {i} has shape {tuple(g.shape)}, the input {tuple(t.shape)}"
            )
        if dtypes and g.dtype is not t.dtype:
            raise GradcheckError(f"gradcheck: the gradient for input {i} is {g.dtype}, the input {t.dtype}")

    def same_twice(self, what: str, first: Any, second: Any) -> None:
        if first.shape == second.shape and first.size:
            with np.errstate(all="ignore"):
                worst = np.nanmax(np.append(np.abs(first.astype(float) - second.astype(float)).reshape(-1), 0.0))
            if worst <= self.nondet:
                return
        elif first.shape == second.shape:
            return
        else:
            worst = np.inf
        raise GradcheckError(
            f"Backward is not reentrant, i.e., running it twice with the same input gives different values: {what} "
            f"differs by up to {worst:.3g}, and nondet_tol is {self.nondet:g}. Likely cause: func is not "
            "deterministic, for example because it draws random numbers; seed them inside of func"
        )

    def expect_zero(self, o: int, out: Tensor, numeric: list[Any]) -> None:
        """An output that requires no gradient must not depend on the inputs."""
        if out._array.dtype.kind not in INEXACT:
            return
        for (i, _), jacobian in zip(self.checked, numeric, strict=True):
            if not np.allclose(jacobian, 0, rtol=self.rtol, atol=self.atol):
                raise GradcheckError(
                    f"Numerical gradient for function expected to be zero: output {o} does not require a gradient, "
                    f"but changes with input {i} (by up to {np.abs(jacobian).max():.6g} per unit). Likely cause: "
                    "detach(), .data, .item() or no_grad() between them"
                )

    def compare(self, o: int, out: Tensor, i: int, t: Tensor, analytic: Any, numeric: Any) -> None:
        missing = analytic is None
        if missing:
            analytic = np.zeros_like(numeric)
        wrong = ~np.isclose(analytic, numeric, rtol=self.rtol, atol=self.atol, equal_nan=True)
        if not wrong.any():
            return
        with np.errstate(all="ignore"):
            excess = np.where(wrong, np.nan_to_num(np.abs(analytic - numeric), nan=np.inf), -1.0)
        element, place = np.unravel_index(int(excess.argmax()), wrong.shape)
        index = tuple(int(n) for n in np.unravel_index(element, t._array.shape))
        slopes = self.slopes(o, t, index, int(place))
        cause = likely_cause(analytic, numeric, wrong, slopes, t, out, missing=missing, atol=self.atol, rtol=self.rtol)
        node = out.grad_fn
        raise GradcheckError(
            f"Jacobian mismatch for output {o} with respect to input {i}: {int(wrong.sum())} of {wrong.size} "
            f"entries differ.\n"
            f"worst: d output[{o}]{_brackets(place, out)} / d input[{i}]{_brackets(element, t)}\n"
            f"analytical: {'None' if missing else format(analytic[element, place], '.9g')}\n"
            f"numerical:  {numeric[element, place]:.9g}\n"
            f"likely cause: {cause}\n"
            f"(output {o} has shape {tuple(out.shape)} and was made by {node.name() if node else 'a leaf'}; input {i} "
            f"has shape {tuple(t.shape)}, dtype {t.dtype.name}; allowed: atol {self.atol:g} + rtol {self.rtol:g})"
        )

    def slopes(self, o: int, t: Tensor, index: tuple[int, ...], place: int) -> tuple[float, float]:
        """The left and the right difference quotient at one entry of the Jacobian."""
        # Not smaller steps than these: one-sided quotients are compared with each other, in float64.
        step = max(self.eps, 1e-6)
        low, here, high = (self.shifted(t, index, move)[o][place] for move in (-step, 0.0, step))
        with np.errstate(all="ignore"):
            return float((here - low) / step), float((high - here) / step)

    def multiplies(self, o: int, out: Tensor) -> None:
        """A backward pass is linear: nothing in, nothing out."""
        tensors = [t for _, t in self.checked]
        seed = wrap(np.zeros_like(out._array))
        for (i, _), g in zip(self.checked, grad(out, tensors, seed, retain_graph=True, allow_unused=True), strict=True):
            if g is not None and np.nan_to_num(g._array).any():
                raise GradcheckError(
                    f"backward not multiplied by grad_output: with a zero gradient of output {o}, input {i} gets "
                    "one that is not zero. Likely cause: a rule that does not multiply by the incoming gradient"
                )

    def undefined_as_zero(self, outputs: list[Tensor]) -> None:
        """An output that got no gradient must count as one that got zeros."""
        tensors = [t for _, t in self.checked]
        for o, out in enumerate(outputs if len(outputs) > 1 else []):
            one = wrap(np.ones_like(out._array))
            rest = [one if k == o else wrap(np.zeros_like(other._array)) for k, other in enumerate(outputs)]
            alone = grad(out, tensors, one, retain_graph=True, materialize_grads=True)
            zeros = grad(outputs, tensors, rest, retain_graph=True, materialize_grads=True)
            for (i, _), a, b in zip(self.checked, alone, zeros, strict=True):
                if not np.allclose(a._array, b._array, rtol=self.rtol, atol=self.atol, equal_nan=True):  # type: ignore[union-attr]
                    raise GradcheckError(
                        f"Expected backward to handle undefined output grads: input {i} gets another gradient if "
                        f"output {o} alone has one than if the other outputs have zeros"
                    )


def _supported(name: str, **flags: bool) -> None:
    for flag, value in flags.items():
        if value:
            raise RuntimeError(
                f"{name}(): {flag}=True is not supported; the engine has reverse mode without batching, and every "
                f"element is checked: leave {flag} at its default"
            )


def _check_input(i: int, t: Tensor) -> None:
    array = t._array
    if array.dtype.kind not in FLOATING:
        raise RuntimeError(f"gradcheck: input {i} is {t.dtype}; only real floating point inputs are supported")
    if array.dtype != np.float64:
        warnings.warn(
            f"Input #{i} requires gradient and is not a double precision floating point or complex. This check will "
            "likely fail if all the inputs are not of double precision floating point or complex.",
            stacklevel=4,
        )
    if array.size and any(step == 0 and n > 1 for n, step in zip(array.shape, array.strides, strict=True)):
        raise RuntimeError(
            f"The {i}th input has a dimension with stride 0. gradcheck only supports inputs that are "
            "non-overlapping to be able to compute the numerical gradients correctly. You should call .contiguous "
            "on the input before passing it to gradcheck."
        )
    if not array.flags.writeable:
        raise RuntimeError(f"gradcheck: input {i} is read-only, but its elements must be moved; pass a clone()")


def _as_tuple(inputs: Any) -> tuple[Any, ...]:
    return (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)


def _outputs(func: Callable[..., Any], inputs: Sequence[Any]) -> tuple[Tensor, ...]:
    result = func(*inputs)
    outputs = tuple(result) if isinstance(result, (tuple, list)) else (result,)
    for out in outputs:
        if not isinstance(out, Tensor):
            raise ValueError(
                f"gradcheck: func must return a Tensor or a sequence of them, but returned {type(out).__name__}"
            )
    return outputs


def _differentiable(outputs: Sequence[Tensor]) -> list[Tensor]:
    return [out for out in outputs if out.requires_grad]


def _noise(rng: np.random.Generator, out: Tensor, strided: bool) -> Any:
    shape, dtype = out._array.shape, out._array.dtype
    if not strided:
        return rng.uniform(-1, 1, shape).astype(dtype)
    return rng.uniform(-1, 1, (*shape, 2)).astype(dtype)[..., 0]


def _brackets(flat: Any, t: Tensor) -> str:
    index = np.unravel_index(int(flat), t._array.shape)
    return f"[{', '.join(str(int(n)) for n in index)}]" if index else ""
