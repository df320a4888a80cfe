"""Every layer over images, sequences and volumes against PyTorch: repr, parameters, values, gradients, errors."""

from __future__ import annotations

import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn

SIZES = {1: (7,), 2: (6, 7), 3: (5, 6, 4)}
X = {d: (2, 4, *sizes) for d, sizes in SIZES.items()}
SINGLE = {d: (4, *sizes) for d, sizes in SIZES.items()}


def layers():
    """Names to how a layer is built from either library's `nn`, and the shape of its input."""
    table = {}
    for d in (1, 2, 3):
        calls = {
            f"Conv{d}d": [
                ((4, 6, 3), {}),
                ((4, 6, 2), {"stride": 2, "padding": 1, "dilation": 2, "groups": 2, "bias": False}),
                ((4, 4, 3), {"padding": "same"}),
                ((4, 4, 2), {"padding": "same", "padding_mode": "circular"}),
                ((4, 4, 3), {"padding": 1, "padding_mode": "reflect", "groups": 4}),
                ((4, 4, 3), {"padding": "valid", "padding_mode": "replicate"}),
            ],
            f"ConvTranspose{d}d": [((4, 6, 3), {}), ((4, 6, 3), {"stride": 2, "output_padding": 1, "groups": 2})],
            f"MaxPool{d}d": [((2,), {}), ((3, 2, 1), {"ceil_mode": True}), ((2, 1), {"dilation": 2})],
            f"AvgPool{d}d": [((2,), {}), ((3, 2, 1), {"ceil_mode": True, "count_include_pad": False})],
            f"LPPool{d}d": [((2.0, 2), {}), ((3, 2), {"stride": 1, "ceil_mode": True})],
            f"AdaptiveAvgPool{d}d": [((3,), {}), ((1,), {})],
            f"AdaptiveMaxPool{d}d": [((3,), {}), ((2,), {})],
            f"BatchNorm{d}d": [((4,), {}), ((4,), {"momentum": None, "affine": False})],
            f"InstanceNorm{d}d": [((4,), {}), ((4,), {"affine": True, "track_running_stats": True})],
            f"ConstantPad{d}d": [((2, 1.5), {})],
            f"ZeroPad{d}d": [((1,), {}), ((tuple(range(-1, 2 * d - 1)),), {})],
            f"ReflectionPad{d}d": [((2,), {})],
            f"ReplicationPad{d}d": [((2,), {})],
            f"CircularPad{d}d": [((2,), {}), (((1, 0) * d,), {})],
            f"Dropout{d}d": [((0.0,), {})],
        }
        for name, arguments in calls.items():
            shapes = [X[d]] if name.startswith(("Batch", "Dropout")) else [X[d], SINGLE[d]]
            for args, options in arguments:
                for shape in shapes:
                    table[f"{name} {args} {options} {len(shape)}d"] = (name, args, options, shape)
    for name, args, options, shape in [
        ("Unfold", (2,), {"padding": 1, "stride": 2}, X[2]),
        ("Fold", ((4, 5), 2), {}, (2, 8, 12)),
        ("Upsample", (), {"scale_factor": 2}, X[1]),
        ("Upsample", ((5, 3),), {"mode": "bilinear", "align_corners": True}, X[2]),
        ("Upsample", (), {"scale_factor": (1.5, 2, 0.5), "mode": "trilinear"}, X[3]),
        ("Upsample", (), {"scale_factor": 1.7, "mode": "bicubic", "recompute_scale_factor": True}, X[2]),
        ("UpsamplingNearest2d", (3,), {}, X[2]),
        ("UpsamplingBilinear2d", (), {"scale_factor": 2}, X[2]),
        ("PixelShuffle", (2,), {}, X[2]),
        ("PixelUnshuffle", (2,), {}, (2, 3, 4, 6)),
        ("ChannelShuffle", (2,), {}, X[2]),
        ("LocalResponseNorm", (3,), {"alpha": 0.1, "k": 2.0}, X[2]),
        ("GroupNorm", (2, 4), {}, X[3]),
    ]:
        table[f"{name} {args} {options}"] = (name, args, options, shape)
    return table


LAYERS = layers()


@pytest.mark.parametrize("case", LAYERS)
def test_layer(case, oracle):
    name, args, options, shape = LAYERS[case]
    torch = oracle.torch
    torch.manual_seed(3)
    tg.manual_seed(3)
    theirs, ours = getattr(torch.nn, name)(*args, **options), getattr(nn, name)(*args, **options)
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for key, value in theirs.state_dict().items():
        # The same seed gives the same parameters.
        oracle.check(ours.state_dict()[key], value, rtol=1e-6, atol=1e-8)
    theirs, ours = theirs.double(), ours.double()
    ours.load_state_dict(oracle.ours(theirs.state_dict()))
    for training in (True, False):
        theirs.train(training)
        ours.train(training)
        x = torch.rand(shape, dtype=torch.float64, requires_grad=True)
        mine = oracle.ours(x)
        expected, got = theirs(x), ours(mine)
        oracle.check(got, expected)
        assert got.is_contiguous()
        weight = torch.rand_like(expected)
        (expected * weight).sum().backward()
        (got * oracle.ours(weight)).sum().backward()
        oracle.check_gradients([mine], [x], rtol=1e-9)
        oracle.check_gradients(list(ours.parameters()), list(theirs.parameters()))
    for key, value in theirs.state_dict().items():
        oracle.check(ours.state_dict()[key], value)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_indices_and_unpooling(d, oracle):
    x = oracle.torch.randn(2, 3, *(8, 6, 4)[:d], dtype=oracle.torch.float64)
    results = []
    for library, value in ((oracle.torch.nn, x), (nn, oracle.ours(x))):
        pool = getattr(library, f"MaxPool{d}d")(2, return_indices=True)
        adaptive = getattr(library, f"AdaptiveMaxPool{d}d")(3, return_indices=True)
        pooled, indices = pool(value)
        whole = getattr(library, f"MaxUnpool{d}d")(2)(pooled, indices, output_size=value.shape)
        results.append((pooled, indices, whole, *adaptive(value)))
    for mine, theirs in zip(results[1], results[0], strict=True):
        oracle.check(mine, theirs)


@pytest.mark.parametrize("d", [2, 3])
def test_fractional_pooling_draws_the_same_windows(d, oracle):
    torch = oracle.torch
    x = torch.randn(2, 3, *(9, 8, 7)[:d])
    results = []
    for library, value in ((torch, x), (tg, oracle.ours(x))):
        library.manual_seed(4)
        kind = getattr(library.nn, f"FractionalMaxPool{d}d")
        results.append([*kind(2, output_size=3, return_indices=True)(value), kind(3, output_ratio=0.5)(value)])
    for mine, theirs in zip(results[1], results[0], strict=True):
        oracle.check(mine, theirs)


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("name", ["LazyConv", "LazyConvTranspose", "LazyBatchNorm", "LazyInstanceNorm"])
def test_lazy_layers(name, d, oracle):
    args = (6, 3) if "Conv" in name else ()
    built = []
    x = oracle.torch.rand(X[d])
    for library in (oracle.torch, tg):
        library.manual_seed(2)
        layer = getattr(library.nn, f"{name}{d}d")(*args)
        built.append((layer, repr(layer), layer(x if library is not tg else oracle.ours(x))))
    (theirs, before, expected), (ours, mine_before, got) = built
    assert mine_before == before
    assert repr(ours) == repr(theirs)
    assert type(ours) is getattr(nn, f"{name[4:]}{d}d")
    oracle.check(got, expected, rtol=1e-4, atol=1e-5)


def test_output_size_of_a_transposed_convolution(oracle):
    results = []
    x = oracle.torch.randn(1, 2, 3, 4)
    for library, value in ((oracle.torch, x), (tg, oracle.ours(x))):
        library.manual_seed(0)
        layer = library.nn.ConvTranspose2d(2, 3, 3, stride=2)
        results.append(layer(value, output_size=(8, 10)))
        with pytest.raises(ValueError, match="requested an output size"):
            layer(value, output_size=(9, 10))
    oracle.check(results[1], results[0], rtol=1e-4, atol=1e-5)


ERRORS = {
    "groups": lambda nn, t: nn.Conv2d(3, 4, 3, groups=2),
    "no groups": lambda nn, t: nn.Conv2d(3, 4, 3, groups=0),
    "string": lambda nn, t: nn.Conv2d(3, 4, 3, padding="full"),
    "same with stride": lambda nn, t: nn.Conv2d(3, 4, 3, padding="same", stride=2),
    "mode": lambda nn, t: nn.Conv2d(3, 4, 3, padding_mode="mirror"),
    "transposed mode": lambda nn, t: nn.ConvTranspose2d(3, 4, 3, padding_mode="reflect"),
    "channels": lambda nn, t: nn.Conv2d(3, 4, 3)(t.ones(1, 1, 8, 8)),
    "rank": lambda nn, t: nn.Conv2d(3, 4, 3)(t.ones(1, 1, 3, 8, 8)),
    "dtype": lambda nn, t: nn.Conv2d(3, 4, 3)(t.ones(1, 3, 8, 8, dtype=t.float64)),
    "too small": lambda nn, t: nn.Conv2d(3, 4, 3)(t.ones(1, 3, 2, 8)),
    "batch norm rank": lambda nn, t: nn.BatchNorm2d(3)(t.ones(2, 3, 4)),
    "instance norm channels": lambda nn, t: nn.InstanceNorm1d(3, affine=True)(t.ones(2, 4, 5)),
    "instance norm rank": lambda nn, t: nn.InstanceNorm2d(3)(t.ones(3, 5)),
    "pool too small": lambda nn, t: nn.MaxPool2d(4)(t.ones(1, 1, 3, 3)),
    "fractional": lambda nn, t: nn.FractionalMaxPool2d(2),
    "fractional twice": lambda nn, t: nn.FractionalMaxPool2d(2, 3, 0.5),
    "fractional ratio": lambda nn, t: nn.FractionalMaxPool2d(2, output_ratio=1.5),
    "circular rank": lambda nn, t: nn.CircularPad2d(1)(t.ones(3, 3)),
    "lazy rank": lambda nn, t: nn.LazyConv2d(3, 3)(t.ones(3, 3)),
}


@pytest.mark.parametrize("case", ERRORS)
def test_errors(case, oracle):
    with pytest.raises(Exception) as theirs:
        ERRORS[case](oracle.torch.nn, oracle.torch)
    with pytest.raises(Exception) as ours:
        ERRORS[case](nn, tg)
    assert type(ours.value) is type(theirs.value), (ours.value, theirs.value)
