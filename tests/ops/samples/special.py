"""Special functions, angles, logarithms, and the parts of numbers."""

from __future__ import annotations

from .entry import elementwise, entry, fixed, real, sample

ANY = {}
POSITIVE = {"low": 0.3, "high": 3.0}
AWAY = {"low": 0.5, "high": 2.0}
UNIT = {"low": 0.1, "high": 0.9}
NO_ZERO = {"avoid": (0.0,)}
NO_DERIVATIVE = "PyTorch does not differentiate it"

for name, domain, options in [
    ("sinc", NO_ZERO, {"kinds": "biu"}),
    ("lgamma", POSITIVE, {"kinds": "biu"}),
    ("digamma", POSITIVE, {"kinds": "biu"}),
    ("i0", ANY, {"kinds": "biu"}),
    ("special.i1", NO_ZERO, {"half": False}),
    ("special.i0e", NO_ZERO, {"half": False}),
    ("special.i1e", NO_ZERO, {"half": False}),
    ("special.erfcx", ANY, {"half": False}),
    ("special.ndtr", ANY, {}),
    ("special.log_ndtr", ANY, {"half": False}),
    ("special.ndtri", UNIT, {"half": False}),
    ("special.entr", UNIT, {}),
    ("special.bessel_j0", POSITIVE, {"half": False, "oracle_lacks": NO_DERIVATIVE}),
    ("special.bessel_j1", POSITIVE, {"half": False, "oracle_lacks": NO_DERIVATIVE}),
    ("special.bessel_y0", POSITIVE, {"half": False, "oracle_lacks": NO_DERIVATIVE}),
    ("special.bessel_y1", POSITIVE, {"half": False, "oracle_lacks": NO_DERIVATIVE}),
    ("special.modified_bessel_k0", POSITIVE, {"half": False, "oracle_lacks": NO_DERIVATIVE}),
    ("special.modified_bessel_k1", POSITIVE, {"half": False, "oracle_lacks": NO_DERIVATIVE}),
    ("special.scaled_modified_bessel_k0", POSITIVE, {"half": False, "oracle_lacks": NO_DERIVATIVE}),
    ("special.scaled_modified_bessel_k1", POSITIVE, {"half": False, "oracle_lacks": NO_DERIVATIVE}),
    ("special.airy_ai", ANY, {"half": False, "oracle_lacks": NO_DERIVATIVE}),
    ("special.spherical_bessel_j0", NO_ZERO, {"half": False, "oracle_lacks": NO_DERIVATIVE}),
]:

    def call(t, x, _path=name):
        return getattr(t.special if _path.startswith("special.") else t, _path.removeprefix("special."))(x)

    elementwise(name.removeprefix("special."), call, domain, **options)


def _raw(name, *inputs, **params):
    from tinygrad5329.ops.primitive import REGISTRY

    return REGISTRY[name](*inputs, **params)


elementwise(
    "airy_ai_slope", lambda t, x: _raw("airy_ai_slope", x), ANY, torch=None, why="a step of airy_ai's derivative"
)
elementwise("polygamma", lambda t, x: t.polygamma(1, x), POSITIVE, more=[sample(real(2, 3, **POSITIVE))])
entry(
    "logit",
    lambda t, x, **options: t.logit(x, **options),
    sample(real(2, 3, **UNIT)),
    sample(real(2, 3, low=0.15, high=0.85), eps=0.1),
    sample(real(**UNIT)),
    sample(real(0, 3)),
    kinds="biu",
)
entry(
    "frexp",
    lambda t, x: t.frexp(x)[0],
    sample(real(2, 3, low=1.1, high=1.9)),
    sample(real(low=-0.45, high=-0.3)),
    sample(real(0, 3)),
)
elementwise("atan2", lambda t, x, y: t.atan2(x, y), AWAY, NO_ZERO, kinds="biu")
elementwise("hypot", lambda t, x, y: t.hypot(x, y), AWAY, NO_ZERO, half=False)
elementwise("copysign", lambda t, x, y: t.copysign(x, y), NO_ZERO, NO_ZERO, kinds="biu")
elementwise("nextafter", lambda t, x, y: t.nextafter(x, y), ANY, ANY, half=False, without={
    "gradcheck": "the next number is a step of rounding away, which differences do not see well",
    "gradgradcheck": "as gradcheck",
})  # fmt: skip
elementwise("logaddexp", lambda t, x, y: t.logaddexp(x, y), ANY, ANY)
elementwise("logaddexp2", lambda t, x, y: t.logaddexp2(x, y), ANY, ANY)
elementwise("xlogy", lambda t, x, y: t.xlogy(x, y), ANY, POSITIVE, kinds="biu")
elementwise("xlog1py", lambda t, x, y: t.special.xlog1py(x, y), ANY, POSITIVE, kinds="biu")
elementwise("fmax", lambda t, x, y: t.fmax(x, y), ANY, ANY, kinds="biu")
elementwise("fmin", lambda t, x, y: t.fmin(x, y), ANY, ANY, kinds="biu")

#: Differentiable to the second argument only, the first is held fixed.
ORDERS = [[0.7, 1.5, 4.0], [2.5, 0.3, 11.0]]
for name, call in [
    ("igamma", lambda t, a, x: t.igamma(a, x)),
    ("igammac", lambda t, a, x: t.igammac(a, x)),
    ("zeta", lambda t, a, x: t.special.zeta(a + 1, x)),
]:
    entry(
        name,
        call,
        sample(fixed(ORDERS), real(2, 3, **POSITIVE)),
        sample(fixed(ORDERS), real(3, **POSITIVE)),
        sample(fixed(1.5), real(2, 1, **POSITIVE)),
        sample(fixed(2.5), real(**POSITIVE)),
        sample(fixed(2.5), real(0, 3)),
        half=False,
    )
entry(
    "draw",
    lambda t, x: t.bernoulli(x, generator=t.Generator().manual_seed(1)),
    sample(real(2, 3, **UNIT)),
    sample(real(**UNIT)),
    sample(real(0, 3)),
    without={"gradcheck": "draws jump from 0 to 1", "gradgradcheck": "as gradcheck"},
)
