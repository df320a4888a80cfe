"""CTC: against all alignments written out, against PyTorch, and its corners."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.nn.functional import ctc_loss, log_softmax


def by_enumeration(logs, labels, blank=0):
    """Minus the logarithm of the summed probabilities of all paths that spell `labels`."""
    steps, classes = logs.shape
    total = 0.0
    for path in itertools.product(range(classes), repeat=steps):
        spelled = [c for c, _ in itertools.groupby(path) if c != blank]
        if spelled == list(labels):
            total += np.exp(sum(logs[t, c] for t, c in enumerate(path)))
    return -np.log(total)


@pytest.mark.parametrize("labels", [[], [1], [1, 2], [1, 1], [2, 1, 2]])
def test_all_alignments(labels):
    logs = log_softmax(tg.tensor(np.random.default_rng(0).normal(size=(5, 3))), 1)
    loss = ctc_loss(logs, tg.tensor(labels, dtype=tg.int64), [5], [len(labels)], reduction="none")
    assert float(loss) == pytest.approx(by_enumeration(logs.numpy(), labels))


@pytest.mark.parametrize("seed", range(12))
def test_values_and_gradients_are_the_oracles(seed):
    torch = pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")
    rng = np.random.default_rng(seed)
    steps, n, classes, longest = rng.integers(1, 12), rng.integers(1, 5), rng.integers(2, 6), rng.integers(1, 5)
    blank = int(rng.integers(classes))
    x = rng.normal(size=(steps, n, classes))
    labels = rng.integers(0, classes, (n, longest))
    labels = np.where(labels == blank, (labels + 1) % classes, labels)
    frames, lengths = rng.integers(1, steps + 1, n), rng.integers(0, longest + 1, n)
    flat = np.concatenate([row[:length] for row, length in zip(labels, lengths, strict=True)])
    for reduction, zero, targets in itertools.product(["none", "mean", "sum"], [True, False], [labels, flat]):
        results = []
        for library in (torch, tg):
            logs = library.log_softmax(library.tensor(x), 2).requires_grad_()
            loss = library.nn.functional.ctc_loss(
                logs, library.tensor(targets), library.tensor(frames), library.tensor(lengths), blank, reduction, zero
            )
            loss.sum().backward()
            results.append((loss.detach().numpy(), logs.grad.numpy()))
        for theirs, mine in zip(*results, strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-8, atol=1e-10)


def test_the_impossible_is_infinite_or_zero():
    logs = log_softmax(tg.zeros(2, 1, 3), 2).requires_grad_()
    loss = ctc_loss(logs, tg.tensor([[1, 1]]), [2], [2])
    assert float(loss) == np.inf
    loss = ctc_loss(logs, tg.tensor([[1, 1]]), [2], [2], zero_infinity=True)
    loss.backward()
    assert float(loss) == 0
    assert not logs.grad.numpy().any()


def test_without_frames():
    logs = log_softmax(tg.zeros(2, 2, 3), 2)
    losses = ctc_loss(logs, tg.tensor([[1], [1]]), [0, 0], [0, 1], reduction="none")
    assert losses.tolist() == [0, np.inf]


def test_probabilities_of_zero():
    logs = tg.tensor([[[0.0, 1.0]], [[1.0, 0.0]]]).log()
    assert float(ctc_loss(logs, tg.tensor([[1]]), [2], [1])) == 0


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"blank": 3}, RuntimeError),
        ({"input_lengths": [5]}, RuntimeError),
        ({"input_lengths": [4, 4]}, RuntimeError),
        ({"target_lengths": [3]}, RuntimeError),
        ({"targets": [[1, 3]]}, RuntimeError),
        ({"targets": [[1.0, 2.0]]}, RuntimeError),
        ({"reduction": "max"}, ValueError),
        ({"log_probs": tg.zeros(4, 1, 3, dtype=tg.float16)}, NotImplementedError),
        ({"log_probs": tg.zeros(4, 1, 0)}, RuntimeError),
    ],
)
def test_errors(change, error):
    call = {"log_probs": tg.zeros(4, 1, 3), "targets": [[1, 2]], "input_lengths": [4], "target_lengths": [2]} | change
    call["targets"] = tg.tensor(call["targets"])
    with pytest.raises(error):
        ctc_loss(**call)
