"""An error that leaves a model names the module it came from."""

from __future__ import annotations

from collections import OrderedDict

import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn


def failing(call):
    with pytest.raises(Exception) as raised:
        call()
    return raised.value


def test_the_path_leads_from_the_outermost_module():
    inner = nn.Sequential(OrderedDict(norm=nn.Identity(), head=nn.Linear(5, 2)))
    model = nn.Sequential(nn.Linear(3, 4), nn.Residual(inner))
    error = failing(lambda: model(tg.ones(2, 3)))
    assert type(error) is RuntimeError
    assert str(error).startswith("linear: input has 4 features but weight expects 5")
    assert str(error).endswith("; in Sequential.1.module.head (Linear)")


def test_a_single_module():
    error = failing(lambda: nn.Linear(5, 2)(tg.ones(4)))
    assert str(error).endswith("; in Linear")


def test_wrong_number_of_arguments():
    error = failing(lambda: nn.Sequential(nn.Linear(5, 2))())
    assert type(error) is TypeError
    error = failing(lambda: nn.Residual(nn.Linear(2, 2))(tg.ones(1, 2), 3))
    assert type(error) is TypeError
    assert str(error).endswith("; in Residual.module (Linear)")


def test_through_a_list_and_a_module_without_a_name():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.ModuleList([nn.Linear(2, 2), nn.Linear(3, 2)])
            self.hidden = [nn.Linear(7, 2)]

        def forward(self, x, which):
            return (self.hidden[0] if which == "hidden" else self.layers[which])(x)

    net = Net()
    assert str(failing(lambda: net(tg.ones(1, 2), 1))).endswith("; in Net.layers.1 (Linear)")
    assert str(failing(lambda: net(tg.ones(1, 2), "hidden"))).endswith("; in Net.<Linear> (Linear)")


def test_a_module_that_calls_itself():
    class Deep(nn.Module):
        def __init__(self):
            super().__init__()
            self.head = nn.Linear(3, 3)

        def forward(self, x, depth=2):
            return self(x, depth - 1) if depth else self.head(x)

    assert str(failing(lambda: Deep()(tg.ones(2)))).endswith("; in Deep.head (Linear)")


class Raises(nn.Module):
    def __init__(self, error):
        super().__init__()
        self.error = error

    def forward(self, x):
        raise self.error


@pytest.mark.parametrize(
    "error", [ValueError("my own text"), KeyError("key"), ValueError("two", "parts"), OSError(2, "x")]
)
def test_a_users_own_error_keeps_its_text(error):
    text, args = str(error), error.args
    model = nn.Sequential(nn.Identity(), nn.Sequential(Raises(error)))
    assert failing(lambda: model(1)) is error
    assert str(error) == text
    assert error.args == args
    assert error.__notes__ == ["in Sequential.1.0 (Raises)"]


def test_notes_of_others_stay():
    error = ValueError("x")
    error.add_note("theirs")
    failing(lambda: nn.Sequential(Raises(error))(1))
    assert error.__notes__ == ["theirs", "in Sequential.0 (Raises)"]


def test_what_is_not_an_error_passes_untouched():
    with pytest.raises(KeyboardInterrupt) as raised:
        nn.Sequential(Raises(KeyboardInterrupt()))(1)
    assert not hasattr(raised.value, "__notes__")
