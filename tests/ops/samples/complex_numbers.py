"""Complex numbers: made of two real inputs, and seen as pairs of reals, so that all checks on reals apply."""

from __future__ import annotations

from .entry import elementwise, entry, real, sample

PART = {"low": 0.3, "high": 2.0}
#: The samples are real; the operation has no half precision because there is no complex32.
COMPLEX = {"half": False}


def of_parts(name, function, *, count=1, **options):
    """An entry for a function of complex numbers with a real or complex result."""

    def call(t, *parts):
        numbers = [t.complex(parts[2 * i], parts[2 * i + 1]) for i in range(count)]
        out = function(t, *numbers)
        return t.stack([out.real, out.imag], -1) if out.is_complex() else out

    elementwise(name, call, *[PART] * (2 * count), **COMPLEX, **options)


of_parts("complex", lambda t, z: z)
entry(
    "view_as_real",
    lambda t, x, y: t.view_as_real(t.complex(x, y)),
    sample(real(2, 3), real(2, 3)),
    sample(real(), real()),
    half=False,
    without={"zero-size": "PyTorch's backward pass fails"},
)
of_parts("conj", lambda t, z: z.conj().resolve_conj())
of_parts("real", lambda t, z: z.real * 2)
of_parts("imag", lambda t, z: z.imag * 2)
of_parts("angle", lambda t, z: t.angle(z))
entry(
    "view_as_complex",
    lambda t, x: t.view_as_complex(x) * (1 + 2j),
    sample(real(3, 2)),
    sample(real(2)),
    sample(real(0, 2)),
    half=False,
    torch=None,
    why="the tests' weights are real; test_complex_numbers.py compares it",
    without={
        "gradcheck": "the result is complex; complex_numbers' other samples check its rule",
        "gradgradcheck": "as gradcheck",
        "dtype": "as gradcheck",
        "0-d": "pairs have a dimension",
        "non-contiguous": "pairs lie side by side, as in PyTorch",
    },
)
