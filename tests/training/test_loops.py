from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn, optim
from tinygrad5329.training import DivergenceError, Totals, evaluate, predict, predict_proba, train_epoch


def test_train_epoch_is_the_loop_one_would_write(setup: Any) -> None:
    ours = setup()
    totals = train_epoch(ours.model, ours.train, ours.optimizer, nn.CrossEntropyLoss())
    own = setup()
    loss_fn, losses, correct, model = nn.CrossEntropyLoss(), 0.0, 0, own.model
    model.train()
    for x, y in own.train:
        own.optimizer.zero_grad()
        logits = model(x)
        loss = loss_fn(logits, y)
        loss.backward()
        own.optimizer.step()
        losses += loss.item() * len(y)
        correct += int((logits.argmax(dim=1) == y).sum().item())
    assert totals == Totals(losses, correct, 100, 7)
    assert totals.loss == losses / 100
    assert totals.accuracy == correct / 100
    for name, value in own.weights().items():
        np.testing.assert_array_equal(ours.weights()[name], value)


def test_after_step_is_called_after_each(setup: Any) -> None:
    made, seen = setup(), []
    train_epoch(
        made.model,
        made.train,
        made.optimizer,
        nn.CrossEntropyLoss(),
        after_step=lambda t: seen.append(t.batches),
    )
    assert seen == [1, 2, 3, 4, 5, 6, 7]


def test_max_norm_clips(setup: Any) -> None:
    made = setup()
    before = made.weights()
    optimizer = optim.SGD(made.model.parameters(), lr=1.0)
    batch = next(iter(made.train))
    train_epoch(made.model, [batch], optimizer, nn.CrossEntropyLoss(), max_norm=1e-3)
    names = [name for name, _ in made.model.named_parameters()]
    moved = np.sqrt(sum(((made.weights()[name] - before[name]) ** 2).sum() for name in names))
    assert moved == pytest.approx(1e-3, rel=1e-2)


def test_regression_needs_no_accuracy() -> None:
    model = nn.Linear(2, 1)
    batches = [(tg.ones(4, 2), tg.zeros(4, 1))]
    totals = train_epoch(model, batches, optim.SGD(model.parameters(), lr=0.01), nn.MSELoss(), accuracy=False)
    assert totals.correct == 0
    with pytest.raises(ValueError, match=r"cannot tell the accuracy of outputs of shape \(4, 1\).*accuracy=False"):
        train_epoch(model, batches, optim.SGD(model.parameters(), lr=0.01), nn.MSELoss())


def test_one_hot_targets_have_an_accuracy() -> None:
    model = nn.Linear(2, 3)
    targets = tg.eye(3)
    totals = train_epoch(
        model, [(tg.randn(3, 2), targets)], optim.SGD(model.parameters(), lr=0.0), nn.CrossEntropyLoss()
    )
    assert 0 <= totals.correct <= 3


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_divergent_loss_stops_before_it_spoils_the_weights(setup: Any, value: float) -> None:
    made = setup(model=nn.Linear(6, 3))
    good, bad = list(made.train)[:2]
    bad[0][0, 0] = value
    train_epoch(made.model, [good], made.optimizer, nn.CrossEntropyLoss())
    before = made.weights()
    with pytest.raises(DivergenceError, match=r"became (nan|inf) in batch 1 .*lower the learning rate"):
        train_epoch(made.model, [bad], made.optimizer, nn.CrossEntropyLoss())
    for name, weight in made.weights().items():
        np.testing.assert_array_equal(weight, before[name])


def test_empty_loaders_and_losses_of_many_numbers(setup: Any) -> None:
    made = setup()
    with pytest.raises(ValueError, match="train_epoch: the loader gave no batch"):
        train_epoch(made.model, [], made.optimizer, nn.CrossEntropyLoss())
    with pytest.raises(ValueError, match="evaluate: the loader gave no batch"):
        evaluate(made.model, [])
    with pytest.raises(ValueError, match="predict: the loader gave no batch"):
        predict(made.model, [])
    with pytest.raises(ValueError, match=r"shape \(16,\); expected one number"):
        train_epoch(made.model, made.train, made.optimizer, nn.CrossEntropyLoss(reduction="none"))


def test_evaluate_predict_and_predict_proba_agree(setup: Any) -> None:
    made = setup()
    inputs = tg.cat([x for x, _ in made.val])
    targets = tg.cat([y for _, y in made.val])
    metrics = evaluate(made.model, made.val, nn.CrossEntropyLoss())
    classes = predict(made.model, inputs)
    assert classes.tolist() == predict(made.model, made.val).tolist()
    assert metrics.accuracy == np.mean(np.array(classes.tolist()) == np.array(targets.tolist()))
    assert metrics.confusion.shape == (3, 3)
    made.model.eval()
    with tg.no_grad():
        assert metrics.loss == pytest.approx(nn.CrossEntropyLoss()(made.model(inputs), targets).item(), rel=1e-5)
    probabilities = predict_proba(made.model, made.val)
    assert tuple(probabilities.shape) == (40, 3)
    np.testing.assert_allclose(probabilities.numpy().sum(axis=1), 1, rtol=1e-5)
    assert evaluate(made.model, made.val).loss is None


def test_evaluating_leaves_modes_statistics_and_gradients_alone(setup: Any, make_loader: Callable[..., Any]) -> None:
    made = setup()
    made.model.train()
    made.model.norm1.eval()
    before = made.weights()
    evaluate(made.model, made.val)
    assert made.model.training
    assert not made.model.norm1.training
    assert made.model.norm2.training
    assert not predict(made.model, make_loader(5, 3)).requires_grad
    for name, value in made.weights().items():
        np.testing.assert_array_equal(value, before[name])

    def broken(module: nn.Module, args: Any) -> None:
        raise RuntimeError("broken")

    made.model.register_forward_pre_hook(broken)
    with pytest.raises(RuntimeError, match="broken"):
        evaluate(made.model, made.val)
    assert made.model.training
