"""Activations, softmax and dropout."""

from __future__ import annotations

from .entry import entry, real, sample

ZERO = {"avoid": (0.0,)}


def activation(name, function, *variants, avoid=(), low=-2.0, high=2.0, **options):
    """An entry for a function of nn.functional; `variants` are its keyword arguments."""
    domain = {"avoid": avoid, "low": low, "high": high}
    entry(
        name,
        lambda t, x, **kwargs: getattr(t.nn.functional, function)(x, **kwargs),
        sample(real(2, 3, **domain)),
        sample(real(**domain)),
        sample(real(0, 3, **domain)),
        *(sample(real(2, 3, **domain), **kwargs) for kwargs in variants),
        **options,
    )


activation("relu", "relu", avoid=(0.0,), kinds="iu")
activation("leaky_relu", "leaky_relu", {"negative_slope": 0.3}, {"negative_slope": -0.5}, avoid=(0.0,))
activation("sigmoid", "sigmoid", low=-4.0, high=4.0, kinds="biu")
activation("silu", "silu")
activation("softplus", "softplus", {"beta": 2.0}, {"beta": 2.0, "threshold": 1.0}, avoid=(0.5,))
activation("log_sigmoid", "logsigmoid")
activation("elu", "elu", {"alpha": 0.5}, avoid=(0.0,))
activation("mish", "mish")
activation("hardtanh", "hardtanh", {"min_val": -0.5, "max_val": 1.5}, avoid=(-1.0, -0.5, 1.0, 1.5))
activation("hardsigmoid", "hardsigmoid", avoid=(-3.0, 3.0), low=-4.0, high=4.0, oracle_lacks="second derivatives")
activation("hardswish", "hardswish", avoid=(-3.0, 3.0), low=-4.0, high=4.0)
activation("softshrink", "softshrink", {"lambd": 1.0}, avoid=(-1.0, -0.5, 0.5, 1.0))
activation("hardshrink", "hardshrink", {"lambd": 1.0}, avoid=(-1.0, -0.5, 0.5, 1.0))
activation("gelu", "gelu", {"approximate": "tanh"}, low=-4.0, high=4.0)
entry(
    "threshold",
    lambda t, x, threshold, value: t.nn.functional.threshold(x, threshold, value),
    sample(real(2, 3, avoid=(0.5,)), threshold=0.5, value=-3.0),
    sample(real(avoid=(0.5,)), threshold=0.5, value=-3.0),
    sample(real(0, 3), threshold=0.5, value=-3.0),
    kinds="i",
)
entry(
    "prelu",
    lambda t, x, weight: t.nn.functional.prelu(x, weight),
    sample(real(2, 3, **ZERO), real(1)),
    sample(real(2, 3, **ZERO), real(3)),
    sample(real(2, 3, 2, **ZERO), real(3)),
    sample(real(**ZERO), real()),
    sample(real(0, 3), real(3)),
)

for name in ("softmax", "log_softmax", "logcumsumexp"):
    entry(
        name,
        lambda t, x, dim, _name=name: getattr(t, _name)(x, dim),
        sample(real(2, 3), dim=1),
        sample(real(2, 3), dim=0),
        sample(real(2, 3, 2), dim=-2),
        sample(real(), dim=0),
        sample(real(0, 3), dim=1),
        sample(real(2, 0), dim=1),
    )
entry(
    "logsumexp",
    lambda t, x, **options: t.logsumexp(x, **options),
    sample(real(2, 3), dim=1),
    sample(real(2, 3), dim=0, keepdim=True),
    sample(real(2, 3, 2), dim=(0, 2)),
    sample(real(), dim=0),
    sample(real(0, 3), dim=1),
    sample(real(0, 3), dim=0),
)


def _dropped(name):
    def call(t, x, **options):
        t.manual_seed(3)
        return getattr(t.nn.functional, name)(x, **options)

    return call


for name in ("dropout", "alpha_dropout"):
    entry(
        name,
        _dropped(name),
        sample(real(4, 3), p=0.4, training=True),
        sample(real(4, 3), p=0.9, training=True),
        sample(real(), p=0.5, training=True),
        without={
            "zero-size": "the input itself comes back, as in PyTorch",
            "non-contiguous": "the mask is drawn in the order of the memory, as in PyTorch",
        },
    )
