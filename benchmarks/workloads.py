"""What is measured: training steps written once, against PyTorch's API, for every peer that has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Step = Callable[[], Any]


def _step(model: Any, inputs: Any, targets: Any, nn: Any, optim: Any) -> Step:
    loss_function = nn.CrossEntropyLoss()
    optimizer = optim.SGD(model.parameters(), lr=0.001, momentum=0.9, weight_decay=1e-4)

    def step() -> Any:
        loss = loss_function(model(inputs), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return step


def _residual(nn: Any, width: int) -> Any:
    class Residual(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.block = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, width))

        def forward(self, x: Any) -> Any:
            return x + self.block(x)

    return Residual()


def w1(tg: Any, nn: Any, optim: Any, batch: int) -> Step:
    """The report's baseline: Linear(128,128)-GELU-Linear(128,10)-cross entropy, 17,802 parameters."""
    tg.manual_seed(0)
    model = nn.Sequential(nn.Linear(128, 128), nn.GELU(), nn.Linear(128, 10))
    return _step(model, tg.randn(batch, 128), tg.randint(0, 10, (batch,)), nn, optim)


def w2(tg: Any, nn: Any, optim: Any, batch: int) -> Step:
    """The report's best model, 168,202 parameters, dropout 0.2."""
    tg.manual_seed(0)
    model = nn.Sequential(
        nn.Linear(128, 256), nn.BatchNorm1d(256), nn.GELU(), nn.Dropout(0.2),
        _residual(nn, 256), nn.BatchNorm1d(256), nn.GELU(), nn.Dropout(0.2), nn.Linear(256, 10),
    )  # fmt: skip
    return _step(model, tg.randn(batch, 128), tg.randint(0, 10, (batch,)), nn, optim)


WORKLOADS: dict[str, Callable[[Any, Any, Any], Step]] = {
    "W1-32": lambda tg, nn, optim: w1(tg, nn, optim, 32),
    "W1-200": lambda tg, nn, optim: w1(tg, nn, optim, 200),
    "W2-32": lambda tg, nn, optim: w2(tg, nn, optim, 32),
    "W2-256": lambda tg, nn, optim: w2(tg, nn, optim, 256),
    "W2-2048": lambda tg, nn, optim: w2(tg, nn, optim, 2048),
}
