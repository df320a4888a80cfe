"""Every layer against PyTorch: repr, state_dict keys, forward values, and gradients of inputs and
parameters."""

from __future__ import annotations

from collections import OrderedDict

import pytest

from tinygrad5329 import nn

# How to build the layer from either library's `nn`, and the shapes of its inputs.
LAYERS = {
    "identity": (lambda nn: nn.Identity(54, unused=1), [(3, 4)]),
    "linear": (lambda nn: nn.Linear(4, 5), [(3, 4)]),
    "linear 1d": (lambda nn: nn.Linear(4, 5), [(4,)]),
    "linear 3d": (lambda nn: nn.Linear(4, 5), [(2, 3, 4)]),
    "linear no rows": (lambda nn: nn.Linear(4, 5), [(0, 4)]),
    "linear no bias": (lambda nn: nn.Linear(4, 5, bias=False), [(3, 4)]),
    "bilinear": (lambda nn: nn.Bilinear(3, 4, 5), [(2, 6, 3), (2, 6, 4)]),
    "bilinear no bias": (lambda nn: nn.Bilinear(3, 4, 5, bias=False), [(6, 3), (6, 4)]),
    "flatten": (lambda nn: nn.Flatten(), [(2, 3, 4)]),
    "flatten some": (lambda nn: nn.Flatten(0, 1), [(2, 3, 4)]),
    "unflatten": (lambda nn: nn.Unflatten(1, (2, 3)), [(4, 6)]),
    "unflatten inferred": (lambda nn: nn.Unflatten(-1, (2, -1)), [(4, 6)]),
    "relu": (lambda nn: nn.ReLU(), [(3, 4)]),
    "leaky relu": (lambda nn: nn.LeakyReLU(), [(3, 4)]),
    "leaky relu slope": (lambda nn: nn.LeakyReLU(0.3), [(3, 4)]),
    "sigmoid": (lambda nn: nn.Sigmoid(), [(3, 4)]),
    "tanh": (lambda nn: nn.Tanh(), [(3, 4)]),
    "gelu": (lambda nn: nn.GELU(), [(3, 4)]),
    "gelu tanh": (lambda nn: nn.GELU(approximate="tanh"), [(3, 4)]),
    "silu": (lambda nn: nn.SiLU(), [(3, 4)]),
    "elu": (lambda nn: nn.ELU(), [(3, 4)]),
    "elu alpha": (lambda nn: nn.ELU(0.5), [(3, 4)]),
    "softplus": (lambda nn: nn.Softplus(), [(3, 4)]),
    "softplus beta": (lambda nn: nn.Softplus(beta=3.0, threshold=1.5), [(3, 4)]),
    "log sigmoid": (lambda nn: nn.LogSigmoid(), [(3, 4)]),
    "tanhshrink": (lambda nn: nn.Tanhshrink(), [(3, 4)]),
    "softsign": (lambda nn: nn.Softsign(), [(3, 4)]),
    "mish": (lambda nn: nn.Mish(), [(3, 4)]),
    "celu": (lambda nn: nn.CELU(0.5), [(3, 4)]),
    "selu": (lambda nn: nn.SELU(), [(3, 4)]),
    "glu": (lambda nn: nn.GLU(dim=0), [(4, 3)]),
    "prelu": (lambda nn: nn.PReLU(), [(3, 4)]),
    "prelu channels": (lambda nn: nn.PReLU(4, init=0.1), [(3, 4, 2)]),
    "relu6": (lambda nn: nn.ReLU6(), [(30, 4)]),
    "hardtanh": (lambda nn: nn.Hardtanh(), [(3, 4)]),
    "hardtanh limits": (lambda nn: nn.Hardtanh(-0.2, 0.3), [(3, 4)]),
    "threshold": (lambda nn: nn.Threshold(0.1, 20.0), [(3, 4)]),
    "hardsigmoid": (lambda nn: nn.Hardsigmoid(), [(30, 4)]),
    "hardswish": (lambda nn: nn.Hardswish(), [(30, 4)]),
    "softshrink": (lambda nn: nn.Softshrink(0.3), [(3, 4)]),
    "hardshrink": (lambda nn: nn.Hardshrink(), [(3, 4)]),
    "softmin": (lambda nn: nn.Softmin(dim=1), [(3, 4)]),
    "softmax": (lambda nn: nn.Softmax(dim=1), [(3, 4)]),
    "softmax first": (lambda nn: nn.Softmax(dim=0), [(3, 4)]),
    "log softmax": (lambda nn: nn.LogSoftmax(dim=-1), [(3, 4)]),
    "dropout none": (lambda nn: nn.Dropout(0.0), [(3, 4)]),
    "dropout eval": (lambda nn: nn.Dropout(0.7).eval(), [(3, 4)]),
    "batch norm": (lambda nn: nn.BatchNorm1d(4), [(5, 4)]),
    "batch norm 3d": (lambda nn: nn.BatchNorm1d(4), [(5, 4, 3)]),
    "batch norm one row": (lambda nn: nn.BatchNorm1d(4), [(1, 4, 3)]),
    "batch norm eval": (lambda nn: nn.BatchNorm1d(4).eval(), [(5, 4)]),
    "batch norm not affine": (lambda nn: nn.BatchNorm1d(4, affine=False), [(5, 4)]),
    "batch norm no bias": (lambda nn: nn.BatchNorm1d(4, bias=False), [(5, 4)]),
    "batch norm momentum": (lambda nn: nn.BatchNorm1d(4, eps=1e-3, momentum=0.4), [(5, 4)]),
    "batch norm average": (lambda nn: nn.BatchNorm1d(4, momentum=None), [(5, 4)]),
    "batch norm no stats": (lambda nn: nn.BatchNorm1d(4, track_running_stats=False), [(5, 4)]),
    "batch norm no stats eval": (lambda nn: nn.BatchNorm1d(4, track_running_stats=False).eval(), [(5, 4)]),
    "layer norm": (lambda nn: nn.LayerNorm(4), [(3, 4)]),
    "layer norm two": (lambda nn: nn.LayerNorm([3, 4]), [(2, 3, 4)]),
    "layer norm not affine": (lambda nn: nn.LayerNorm(4, elementwise_affine=False), [(3, 4)]),
    "layer norm no bias": (lambda nn: nn.LayerNorm(4, bias=False, eps=1e-3), [(3, 4)]),
    "rms norm": (lambda nn: nn.RMSNorm(4), [(3, 4)]),
    "rms norm two": (lambda nn: nn.RMSNorm([3, 4], eps=0.1), [(2, 3, 4)]),
    "rms norm not affine": (lambda nn: nn.RMSNorm(4, elementwise_affine=False), [(3, 4)]),
    "group norm": (lambda nn: nn.GroupNorm(2, 4), [(3, 4, 5)]),
    "group norm one": (lambda nn: nn.GroupNorm(1, 4, eps=0.1, bias=False), [(3, 4)]),
    "group norm not affine": (lambda nn: nn.GroupNorm(4, 4, affine=False), [(3, 4, 2, 2)]),
    "cosine similarity": (lambda nn: nn.CosineSimilarity(dim=0), [(3, 4), (3, 4)]),
    "pairwise distance": (lambda nn: nn.PairwiseDistance(p=3.0, keepdim=True), [(3, 4), (3, 4)]),
    "dropout 1d eval": (lambda nn: nn.Dropout1d().eval(), [(2, 3, 4)]),
    "dropout 2d eval": (lambda nn: nn.Dropout2d(0.3).eval(), [(2, 3, 4, 2)]),
    "dropout 3d none": (lambda nn: nn.Dropout3d(0.0), [(2, 3, 4, 2, 2)]),
    "alpha dropout eval": (lambda nn: nn.AlphaDropout().eval(), [(3, 4)]),
    "feature alpha dropout eval": (lambda nn: nn.FeatureAlphaDropout().eval(), [(3, 4)]),
    "sequential": (lambda nn: nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 2)), [(3, 4)]),
    "sequential named": (
        lambda nn: nn.Sequential(OrderedDict(body=nn.Linear(4, 6), act=nn.GELU(), head=nn.Linear(6, 2))),
        [(3, 4)],
    ),
    "sequential empty": (lambda nn: nn.Sequential(), [(3, 4)]),
}

# Where PyTorch computes with a constant that has been a float32.
COARSE = {"hardsigmoid": 1e-7}


@pytest.mark.parametrize("name", LAYERS)
def test_layer(name, oracle):
    build, shapes = LAYERS[name]
    torch = oracle.torch
    theirs, ours = build(torch.nn).double(), build(nn).double()
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert [n for n, _ in ours.named_parameters()] == [n for n, _ in theirs.named_parameters()]
    for parameter in theirs.parameters():
        torch.nn.init.normal_(parameter)
    ours.load_state_dict(oracle.ours(theirs.state_dict()))
    assert ours.training == theirs.training

    # Several calls, so that running statistics move more than once.
    for _ in range(3):
        inputs = [torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in shapes]
        mine = oracle.ours(inputs)
        expected = theirs(*inputs)
        got = ours(*mine)
        oracle.check(got, expected)
        weight = torch.randn_like(expected)
        (expected * weight).sum().backward()
        (got * oracle.ours(weight)).sum().backward()
        oracle.check_gradients(mine, inputs, rtol=COARSE.get(name, 1e-10))
        oracle.check_gradients(list(ours.parameters()), list(theirs.parameters()))
    for key, value in theirs.state_dict().items():
        oracle.check(ours.state_dict()[key], value)


@pytest.mark.parametrize("name", LAYERS)
def test_layer_in_float32_keeps_its_dtype(name, oracle):
    build, shapes = LAYERS[name]
    ours, theirs = build(nn), build(oracle.torch.nn)
    ours.load_state_dict(oracle.ours(theirs.state_dict()))
    inputs = [oracle.torch.randn(shape) for shape in shapes]
    oracle.check(ours(*oracle.ours(inputs)), theirs(*inputs), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "build",
    [
        lambda nn: nn.ReLU(inplace=True),
        lambda nn: nn.LeakyReLU(0.2, inplace=True),
        lambda nn: nn.SiLU(inplace=True),
        lambda nn: nn.ELU(0.7, inplace=True),
        lambda nn: nn.Mish(inplace=True),
        lambda nn: nn.CELU(0.5, inplace=True),
        lambda nn: nn.SELU(inplace=True),
        lambda nn: nn.ReLU6(inplace=True),
        lambda nn: nn.Hardtanh(-0.5, 0.5, inplace=True),
        lambda nn: nn.Threshold(0.5, 1.0, inplace=True),
        lambda nn: nn.Hardsigmoid(inplace=True),
        lambda nn: nn.Hardswish(inplace=True),
    ],
)
def test_inplace(build, oracle):
    torch = oracle.torch
    ours, theirs = build(nn), build(torch.nn)
    assert repr(ours) == repr(theirs)
    leaf = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
    mine = oracle.ours(leaf)
    before, mine_before = leaf * 2, mine * 2
    expected, got = theirs(before), ours(mine_before)
    assert got is mine_before
    oracle.check(got, expected)
    (expected * expected).sum().backward()
    (got * got).sum().backward()
    oracle.check_gradients([mine], [leaf], rtol=1e-7)
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad"):
        ours(mine)


@pytest.mark.parametrize(
    "build",
    [
        lambda nn: nn.ModuleList(),
        lambda nn: nn.ModuleList([nn.ReLU(), nn.ReLU(), nn.Linear(1, 2), nn.Linear(1, 2), nn.Tanh()]),
        lambda nn: nn.Sequential(nn.ModuleList([nn.Sequential(nn.ReLU(), nn.Tanh()) for _ in range(3)])),
        lambda nn: nn.ModuleDict({"a": nn.ReLU(), "b": nn.ModuleList([nn.ELU()])}),
        lambda nn: nn.ModuleDict(),
        lambda nn: nn.Sequential(nn.ParameterList(), nn.ParameterDict()),
        lambda nn: nn.Module(),
        lambda nn: nn.Softmax(),
        lambda nn: nn.LogSoftmax(),
        lambda nn: nn.Dropout(),
        lambda nn: nn.LeakyReLU(),
        lambda nn: nn.CrossEntropyLoss(label_smoothing=0.1),
        lambda nn: nn.NLLLoss(),
        lambda nn: nn.MSELoss(),
        lambda nn: nn.L1Loss(),
        lambda nn: nn.SmoothL1Loss(beta=2.0),
        lambda nn: nn.HuberLoss(delta=2.0),
        lambda nn: nn.BCELoss(),
        lambda nn: nn.BCEWithLogitsLoss(),
    ],
)
def test_repr(build, oracle):
    assert repr(build(nn)) == repr(build(oracle.torch.nn))


def test_same_seed_same_parameters(oracle):
    import tinygrad5329 as tg

    torch = oracle.torch

    def build(library):
        library.manual_seed(5)
        nn = library.nn
        return nn.Sequential(
            nn.Linear(20, 30),
            nn.Bilinear(3, 4, 5),
            nn.Linear(3, 2, bias=False),
            nn.BatchNorm1d(3),
            nn.Linear(30, 1),
        )

    ours, theirs = build(tg), build(torch)
    for key, value in theirs.state_dict().items():
        oracle.check(ours.state_dict()[key], value, rtol=1e-6, atol=1e-8)
