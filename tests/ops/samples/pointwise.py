"""Functions of one operand."""

from __future__ import annotations

from .entry import elementwise, entry, real, sample

ANY = {}
POSITIVE = {"low": 0.3, "high": 3.0}
UNIT = {"low": -0.9, "high": 0.9}
STEPS = {"avoid": (-2.0, -1.0, 0.0, 1.0, 2.0)}

for name, domain, kinds in [
    ("exp", ANY, "biu"),
    ("exp2", ANY, "biu"),
    ("expm1", ANY, "biu"),
    ("log", POSITIVE, "biu"),
    ("log2", POSITIVE, "biu"),
    ("log10", POSITIVE, "biu"),
    ("log1p", POSITIVE, "biu"),
    ("sqrt", POSITIVE, "biu"),
    ("rsqrt", POSITIVE, "biu"),
    ("reciprocal", POSITIVE, "biu"),
    ("square", ANY, "biu"),
    ("sin", ANY, "biu"),
    ("cos", ANY, "biu"),
    ("tan", UNIT, "biu"),
    ("asin", UNIT, "biu"),
    ("acos", UNIT, "biu"),
    ("atan", ANY, "biu"),
    ("sinh", ANY, "biu"),
    ("cosh", ANY, "biu"),
    ("tanh", ANY, "biu"),
    ("asinh", ANY, "biu"),
    ("acosh", {"low": 1.2, "high": 3.0}, "biu"),
    ("atanh", UNIT, "biu"),
    ("erf", ANY, "biu"),
    ("erfc", ANY, "biu"),
    ("erfinv", UNIT, "biu"),
    ("sign", STEPS, "biu"),
    ("floor", STEPS, "iu"),
    ("ceil", STEPS, "iu"),
    ("trunc", STEPS, "iu"),
    ("frac", STEPS, ""),
    ("deg2rad", ANY, "biu"),
    ("rad2deg", ANY, "biu"),
    ("abs", {"avoid": (0.0,)}, "iu"),
]:
    elementwise(name, lambda t, x, _name=name: getattr(t, _name)(x), domain, kinds=kinds)

HALVES = {"avoid": (-1.5, -0.5, 0.5, 1.5)}
entry(
    "round",
    lambda t, x, **options: t.round(x, **options),
    sample(real(2, 3, **HALVES)),
    sample(real(2, 3, low=-2.04, high=2.04), decimals=1),
    sample(real(**HALVES)),
    sample(real(0, 3)),
    kinds="iu",
)
entry(
    "nan_to_num",
    lambda t, x, **options: t.nan_to_num(x, **options),
    sample(real(2, 3)),
    sample(real(2, 3), nan=1.0, posinf=2.0, neginf=-3.0),
    sample(real()),
    sample(real(0, 3)),
    kinds="biu",
)
