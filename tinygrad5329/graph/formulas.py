"""What operations compute and how their gradients follow, as formulas for people.

The engine's rules are the truth; :func:`rule_place` says where one stands. In a formula ``g`` is the incoming
gradient, ``dx`` the gradient of the input ``x``, ``·`` a product of elements, ``@`` one of matrices, and ``Σ``
a sum over the dimensions that the operation names.
"""

from __future__ import annotations

from typing import Any

from tinygrad5329.ops.primitive import REGISTRY

__all__ = ["FORMULAS", "formula_of", "rule_place"]

_WHERE = "dx = g, back where x was taken from, zeros elsewhere"
_MOVED = "dx = g, moved back"
_EXTREME = "dx = g where x was chosen, else 0"

#: For the name of an operation: the formula of its output, and those of its gradients.
FORMULAS: dict[str, tuple[str, str]] = {
    # Arithmetic
    "abs": ("out = |x|", "dx = g · sign(x)"),
    "add": ("out = x + y", "dx = g,  dy = g"),
    "addcdiv": ("out = x + value · a / b", "dx = g,  da = g · value / b,  db = -g · value · a / b²"),
    "addcmul": ("out = x + value · a · b", "dx = g,  da = g · value · b,  db = g · value · a"),
    "clone": ("out = x, copied", "dx = g"),
    "div": ("out = x / y", "dx = g / y,  dy = -g · x / y²"),
    "identity": ("out = x", "dx = g"),
    "lerp": ("out = x + w · (y - x)", "dx = g · (1 - w),  dy = g · w,  dw = g · (y - x)"),
    "mul": ("out = x · y", "dx = g · y,  dy = g · x"),
    "neg": ("out = -x", "dx = -g"),
    "pow": ("out = xⁿ", "dx = g · n · xⁿ⁻¹"),
    "pow_tensor": ("out = xʸ", "dx = g · y · xʸ⁻¹,  dy = g · xʸ · ln x"),
    "reciprocal": ("out = 1 / x", "dx = -g · out²"),
    "rsqrt": ("out = 1 / √x", "dx = -g · out³ / 2"),
    "sqrt": ("out = √x", "dx = g / (2 · out)"),
    "square": ("out = x²", "dx = 2 · g · x"),
    "sub": ("out = x - y", "dx = g,  dy = -g"),
    "to_copy": ("out = x, in another dtype", "dx = g, in the dtype of x"),
    # Functions of one number
    "acos": ("out = arccos x", "dx = -g / √(1 - x²)"),
    "asin": ("out = arcsin x", "dx = g / √(1 - x²)"),
    "atan": ("out = arctan x", "dx = g / (1 + x²)"),
    "cos": ("out = cos x", "dx = -g · sin x"),
    "cosh": ("out = cosh x", "dx = g · sinh x"),
    "erf": ("out = erf x", "dx = g · 2/√π · exp(-x²)"),
    "exp": ("out = eˣ", "dx = g · out"),
    "exp2": ("out = 2ˣ", "dx = g · out · ln 2"),
    "expm1": ("out = eˣ - 1", "dx = g · (out + 1)"),
    "log": ("out = ln x", "dx = g / x"),
    "log10": ("out = log₁₀ x", "dx = g / (x · ln 10)"),
    "log1p": ("out = ln(1 + x)", "dx = g / (1 + x)"),
    "log2": ("out = log₂ x", "dx = g / (x · ln 2)"),
    "sin": ("out = sin x", "dx = g · cos x"),
    "sinh": ("out = sinh x", "dx = g · cosh x"),
    "tan": ("out = tan x", "dx = g · (1 + out²)"),
    "tanh": ("out = tanh x", "dx = g · (1 - out²)"),
    # Activations
    "elu": ("out = x if x > 0 else α · (eˣ - 1)", "dx = g if x > 0 else g · α · eˣ"),
    "gelu": ("out = x · Φ(x), Φ the normal distribution", "dx = g · (Φ(x) + x · φ(x)), φ its density"),
    "hardsigmoid": ("out = clamp(x + 3, 0, 6) / 6", "dx = g / 6 where -3 < x < 3, else 0"),
    "hardswish": ("out = x · clamp(x + 3, 0, 6) / 6", "dx = g · (2x + 3) / 6 where -3 < x < 3, else g or 0"),
    "hardtanh": ("out = clamp(x, low, high)", "dx = g where low < x < high, else 0"),
    "leaky_relu": ("out = x if x > 0 else slope · x", "dx = g if x > 0 else g · slope"),
    "log_sigmoid": ("out = ln σ(x)", "dx = g · σ(-x)"),
    "log_softmax": ("out = x - ln Σ eˣ", "dx = g - softmax(x) · Σ g"),
    "mish": ("out = x · tanh(ln(1 + eˣ))", "dx = g · (tanh s + x · σ(x) · (1 - tanh² s)), s = ln(1 + eˣ)"),
    "prelu": ("out = x if x > 0 else weight · x", "dx = g if x > 0 else g · weight,  dweight = Σ g · x where x < 0"),
    "relu": ("out = max(x, 0)", "dx = g where x > 0, else 0"),
    "sigmoid": ("out = σ(x) = 1 / (1 + e⁻ˣ)", "dx = g · out · (1 - out)"),
    "silu": ("out = x · σ(x)", "dx = g · σ(x) · (1 + x · (1 - σ(x)))"),
    "softmax": ("out = eˣ / Σ eˣ", "dx = out · (g - Σ g · out)"),
    "softplus": ("out = ln(1 + e^(βx)) / β", "dx = g · σ(βx)"),
    "threshold": ("out = x if x > threshold else value", "dx = g where x > threshold, else 0"),
    # Sums and choices
    "amax": ("out = max x", "dx = g, shared evenly by the elements that are largest"),
    "amin": ("out = min x", "dx = g, shared evenly by the elements that are smallest"),
    "clamp": ("out = min(max(x, min), max)", "dx = g where min ≤ x ≤ max, else 0"),
    "cumprod": ("outᵢ = x₁ · ... · xᵢ", "dxⱼ = Σ (i ≥ j) gᵢ · outᵢ / xⱼ"),
    "cumsum": ("outᵢ = x₁ + ... + xᵢ", "dxⱼ = Σ (i ≥ j) gᵢ"),
    "logsumexp": ("out = ln Σ eˣ", "dx = g · e^(x - out)"),
    "max": ("out = max x", _EXTREME),
    "max_of_all": ("out = max x", _EXTREME),
    "maximum": ("out = max(x, y)", "dx = g where x > y (half where equal),  dy = the rest"),
    "mean": ("out = Σ x / n", "dx = g / n, everywhere"),
    "min": ("out = min x", _EXTREME),
    "min_of_all": ("out = min x", _EXTREME),
    "minimum": ("out = min(x, y)", "dx = g where x < y (half where equal),  dy = the rest"),
    "prod": ("out = Π x", "dx = g · the product of the others"),
    "std": ("out = √(Σ (x - mean)² / (n - c))", "dx = g · (x - mean) / ((n - c) · out)"),
    "sum": ("out = Σ x", "dx = g, everywhere"),
    "var": ("out = Σ (x - mean)² / (n - c)", "dx = 2 · g · (x - mean) / (n - c)"),
    "where": ("out = x if condition else y", "dx = g where condition,  dy = g elsewhere"),
    # Linear algebra
    "linalg_cholesky": ("x = L Lᵀ, out = L", "dx = L⁻ᵀ Φ(Lᵀ g) L⁻¹, symmetric part; Φ: lower triangle, half diagonal"),
    "linalg_det": ("out = det x", "dx = g · out · x⁻ᵀ"),
    "linalg_inv": ("out = x⁻¹", "dx = -outᵀ @ g @ outᵀ"),
    "linalg_solve": ("a @ out = b", "db = a⁻ᵀ @ g,  da = -db @ outᵀ"),
    "linalg_vector_norm": ("out = (Σ |x|ᵖ)^(1/p)", "dx = g · x · |x|^(p-2) / out^(p-1)"),
    "linear": ("out = x @ wᵀ + b", "dx = g @ w,  dw = gᵀ @ x,  db = Σ g"),
    "matmul": ("out = x @ y", "dx = g @ yᵀ,  dy = xᵀ @ g"),
    # Layers
    "avg_pool": ("out = the mean of each window", "dx = g / n, spread over the window"),
    "convolution": ("out = w ⋆ x + b", "dx = g ∗ w (transposed),  dw = x ⋆ g,  db = Σ g"),
    "convolution_transposed": ("out = x ∗ w (transposed) + b", "dx = w ⋆ g,  dw = g ⋆ x,  db = Σ g"),
    "dropout": ("out = x · mask, mask: 0 or 1 / (1 - p)", "dx = g · mask"),
    "embedding": ("out = weight[index]", "dweight[index] += g"),
    "max_pool": ("out = the largest of each window", "dx = g at the largest element of its window"),
    "native_batch_norm": (
        "out = x̂ · weight + bias, x̂ = (x - mean) / √(var + eps) over the batch",
        "dx = weight · (g - mean(g) - x̂ · mean(g · x̂)) / √(var + eps),  dweight = Σ g · x̂,  dbias = Σ g",
    ),
    "native_batch_norm_eval": (
        "out = (x - mean) / √(var + eps) · weight + bias",
        "dx = g · weight / √(var + eps),  dweight = Σ g · x̂,  dbias = Σ g",
    ),
    "native_layer_norm": (
        "out = x̂ · weight + bias, x̂ = (x - mean) / √(var + eps) over the last dimensions",
        "dx = (h - mean(h) - x̂ · mean(h · x̂)) / √(var + eps), h = g · weight,  dweight = Σ g · x̂,  dbias = Σ g",
    ),
    "rms_norm": (
        "out = x̂ · weight, x̂ = x / √(mean(x²) + eps)",
        "dx = (h - x̂ · mean(h · x̂)) / √(mean(x²) + eps), h = g · weight,  dweight = Σ g · x̂",
    ),
    "scaled_dot_product_attention": (
        "out = P @ v, P = softmax(q @ kᵀ · scale + mask)",
        "dv = Pᵀ @ g,  dS = P · (g @ vᵀ - Σ P · (g @ vᵀ)),  dq = dS @ k · scale,  dk = dSᵀ @ q · scale",
    ),
    # Recurrent layers
    "elman_cell": ("out = tanh(w x + b + u h + c)", "with s = g · (1 - out²):  dx = s @ w,  dh = s @ u"),
    "elman_layer": ("hₜ = tanh(w xₜ + b + u hₜ₋₁ + c)", "backwards through time, as for one cell a step"),
    "gru_cell": (
        "out = (1 - z) · n + z · h, r, z = σ(w x + u h), n = tanh(w x + r · u h)",
        "dn = g · (1 - z),  dz = g · (h - n),  dh = g · z + the gates' share",
    ),
    "gru_layer": ("hₜ = (1 - z) · n + z · hₜ₋₁, for each step", "backwards through time, as for one cell a step"),
    "lstm_cell": (
        "c' = f · c + i · ĝ, h' = o · tanh(c'); i, f, o = σ(w x + u h + b), ĝ = tanh(w x + u h + b)",
        "dc' += gₕ · o · (1 - tanh² c'),  do = gₕ · tanh(c'),  df = dc' · c,  di = dc' · ĝ,  dc = dc' · f",
    ),
    "lstm_layer": (
        "cₜ = f · cₜ₋₁ + i · ĝ, hₜ = o · tanh(cₜ), for each step",
        "backwards through time, as for one cell",
    ),
    # Losses
    "cross_entropy_loss": ("out = -mean ln softmax(x)[target]", "dx = g · (softmax(x) - onehot(target)) / n"),
    "nll_loss": ("out = -mean x[target]", "dx = -g / n at the target, else 0"),
    "ctc_loss": ("out = -ln Σ over alignments of Π p", "dx = g · (p - share of the alignments in each label)"),
    # Moving elements
    "cat": ("out = the inputs, end to end", "each input gets its slice of g"),
    "constant_pad": ("out = x, with a border", "dx = g without the border"),
    "diagonal": ("out = the diagonal of x", _WHERE),
    "expand": ("out = x, repeated", "dx = Σ g over the repeated dimensions"),
    "flip": ("out = x, reversed", "dx = g, reversed"),
    "gather": ("out = x[index], along a dimension", "dx[index] += g"),
    "gather_backward": ("out[index] += x", "dx = g[index]"),
    "im2col": ("out = the windows of x, as columns", "dx = the sum of g over overlapping windows"),
    "index": ("out = x[index]", "dx[index] += g"),
    "index_backward": ("out[index] += x", "dx = g[index]"),
    "index_put": ("out = x, with x[index] = v", "dx = g, zero at index,  dv = g[index]"),
    "masked_fill": ("out = value where mask, else x", "dx = g where not mask,  dvalue = Σ g where mask"),
    "permute": ("out = x, dimensions reordered", _MOVED),
    "pick": ("out = x[indices], along a dimension", _WHERE),
    "reshape": ("out = x, in another shape", "dx = g, in the shape of x"),
    "roll": ("out = x, shifted round", "dx = g, shifted back"),
    "scatter": ("out = x, with v at index", "dx = g, zero at index,  dv = g[index]"),
    "scatter_add": ("out = x, with v added at index", "dx = g,  dv = g[index]"),
    "select": ("out = x[i], along a dimension", _WHERE),
    "slice": ("out = x[a:b]", _WHERE),
    "slice_backward": ("out = zeros, with x at [a:b]", "dx = g[a:b]"),
    "sort": ("out = x, sorted", _MOVED),
    "split": ("out = parts of x", "dx = the parts of g, end to end"),
    "split_with_sizes": ("out = parts of x", "dx = the parts of g, end to end"),
    "squeeze": ("out = x, without dimensions of 1", "dx = g, in the shape of x"),
    "stack": ("out = the inputs, along a new dimension", "each input gets its slice of g"),
    "topk": ("out = the k largest of x", _WHERE),
    "transpose": ("out = xᵀ", "dx = gᵀ"),
    "tril": ("out = x, zero above a diagonal", "dx = g, zero above it"),
    "triu": ("out = x, zero below a diagonal", "dx = g, zero below it"),
    "unbind": ("out = the slices of x", "dx = the slices of g, stacked"),
    "unsqueeze": ("out = x, with a dimension of 1", "dx = g, in the shape of x"),
    "view": ("out = x, in another shape", "dx = g, in the shape of x"),
}


def formula_of(name: str) -> tuple[str, str] | None:
    """The formulas of an operation; None for one without.

    >>> formula_of("tanh")
    ('out = tanh x', 'dx = g · (1 - out²)')
    """
    return FORMULAS.get(name)


def rule_place(name: str) -> str:
    """Where the gradient rule of an operation is written, such as ``ops/activation.py:31``; empty if unknown."""
    op: Any = REGISTRY.get(name)
    if op is None:
        return ""
    rules = [rule for rule in (op.joint, *op.rules, op.composite, op.raw) if rule is not None]
    if not rules:
        return ""
    code = rules[0].__code__
    path = code.co_filename.replace("\\", "/")
    return f"{path[path.rfind('/tinygrad5329/') + 1 :]}:{code.co_firstlineno}"
