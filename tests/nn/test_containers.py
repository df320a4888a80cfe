"""Sequential, ModuleList, ModuleDict, ParameterList and ParameterDict."""

from __future__ import annotations

from collections import OrderedDict

import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn


def three():
    return nn.ReLU(), nn.Tanh(), nn.Sigmoid()


def keys(module):
    return list(module._modules)


@pytest.mark.parametrize("kind", [lambda *m: nn.Sequential(*m), lambda *m: nn.ModuleList(m)])
class TestSequenceLike:
    def test_reading(self, kind):
        a, b, c = three()
        group = kind(a, b, c)
        assert len(group) == 3
        assert list(group) == [a, b, c]
        assert group[0] is a
        assert group[-1] is c
        assert type(group[1:]) is type(group)
        assert list(group[1:]) == [b, c]
        assert list(group[::-2]) == [c, a]
        assert b in list(group)
        for index in (3, -4):
            with pytest.raises(IndexError, match=f"index {index} is out of range"):
                group[index]
        with pytest.raises(TypeError):
            group["a"]

    def test_writing(self, kind):
        a, b, c = three()
        group = kind(a, b)
        group[-1] = c
        assert list(group) == [a, c]
        with pytest.raises(TypeError, match="cannot assign"):
            group[0] = 3
        with pytest.raises(IndexError):
            group[2] = a

    def test_deleting(self, kind):
        a, b, c = three()
        group = kind(a, b, c)
        del group[1]
        assert list(group) == [a, c]
        assert keys(group) == ["0", "1"]
        group = kind(a, b, c)
        del group[::2]
        assert list(group) == [b]
        assert keys(group) == ["0"]
        with pytest.raises(IndexError):
            del group[1]

    def test_pop(self, kind):
        a, b, c = three()
        group = kind(a, b, c)
        assert group.pop(-1) is c
        assert group.pop(0) is a
        assert list(group) == [b]
        group = kind(a, b, c)
        assert list(group.pop(slice(0, 2))) == [a, b]
        assert keys(group) == ["0"]

    def test_growing(self, kind):
        a, b, c = three()
        group = kind()
        assert group.append(b) is group
        group.insert(0, a)
        group.insert(-1, c)
        assert list(group) == [a, c, b]
        assert keys(group) == ["0", "1", "2"]
        assert group.extend([a]) is group
        group += kind(b)
        assert list(group) == [a, c, b, a, b]
        group.extend(group)
        assert len(group) == 10
        with pytest.raises(TypeError):
            group.append(3)
        with pytest.raises(TypeError):
            group.insert(0, 3)
        with pytest.raises(TypeError):
            group.extend([3])

    def test_adding(self, kind):
        a, b, c = three()
        first, second = kind(a), kind(b, c)
        both = first + second
        assert type(both) is type(first)
        assert list(both) == [a, b, c]
        assert list(first) == [a]


def test_sequential_construction():
    a, b, _ = three()
    named = nn.Sequential(OrderedDict(first=a, second=b))
    assert keys(named) == ["first", "second"]
    assert named.first is named[0] is a
    assert keys(named[1:]) == ["second"]
    with pytest.raises(TypeError, match="int is not a Module subclass"):
        nn.Sequential(3)


def test_sequential_calls_in_order():
    model = nn.Sequential(nn.Flatten(0), nn.Linear(4, 2, bias=False))
    tg.nn.init.ones_(model[1].weight)
    assert model(tg.ones(2, 2)).tolist() == [4.0, 4.0]
    x = tg.ones(1)
    assert nn.Sequential()(x) is x


def test_sequential_renumbers_names_after_deletion():
    a, b, c = three()
    model = nn.Sequential(OrderedDict(x=a, y=b, z=c))
    del model[0]
    assert keys(model) == ["0", "1"]


def test_sequential_multiplication():
    a, b, _ = three()
    model = nn.Sequential(a, b)
    assert list(model * 2) == list(2 * model) == [a, b, a, b]
    assert len(model) == 2
    model *= 3
    assert list(model) == [a, b] * 3
    with pytest.raises(ValueError, match="Non-positive multiplication factor 0"):
        model * 0
    with pytest.raises(TypeError, match="unsupported operand"):
        model * 1.5
    with pytest.raises(TypeError, match="unsupported operand"):
        model *= 1.5


def test_sequential_errors():
    model = nn.Sequential(nn.ReLU())
    with pytest.raises(ValueError, match="add operator supports only objects of Sequential class"):
        model + 3
    with pytest.raises(ValueError, match="add operator supports only objects of Sequential class"):
        model += [3]
    with pytest.raises(IndexError, match="Index out of range: 5"):
        model.insert(5, nn.ReLU())


def test_module_list_errors():
    with pytest.raises(TypeError, match=r"ModuleList\.extend should be called with an iterable, but got int"):
        nn.ModuleList(3)
    with pytest.raises(NotImplementedError, match="missing the required"):
        nn.ModuleList([nn.ReLU()])(1)


def test_module_list_parameters():
    model = nn.ModuleList([nn.Linear(1, 1), nn.Linear(1, 1)])
    assert [name for name, _ in model.named_parameters()] == ["0.weight", "0.bias", "1.weight", "1.bias"]


def test_module_dict():
    a, b, c = three()
    group = nn.ModuleDict({"a": a})
    group["b"] = b
    group.update([("c", c)])
    assert list(group) == list(group.keys()) == ["a", "b", "c"]
    assert list(group.values()) == list(group.children()) == [a, b, c]
    assert list(group.items()) == [("a", a), ("b", b), ("c", c)]
    assert group["a"] is group.a is a
    assert "a" in group
    assert "z" not in group
    assert len(group) == 3
    assert group.pop("a") is a
    del group["b"]
    assert list(group) == ["c"]
    group.update(nn.ModuleDict({"c": a}))
    assert group["c"] is a
    group.clear()
    assert not len(group)
    with pytest.raises(KeyError):
        group["a"]
    with pytest.raises(KeyError):
        group.pop("a")


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (3, TypeError, "should be called with an iterable of key/value pairs, but got int"),
        ([3], TypeError, "element #0 should be Iterable; is int"),
        ([(1, 2, 3)], ValueError, "element #0 has length 3; 2 is required"),
    ],
)
@pytest.mark.parametrize("kind", [nn.ModuleDict, nn.ParameterDict])
def test_dict_errors(kind, content, error, message):
    with pytest.raises(error, match=message):
        kind(content)


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        ({1: nn.ReLU()}, TypeError, "module name should be a string. Got int"),
        ({"a": 3}, TypeError, "int is not a Module subclass"),
        ({"type": nn.ReLU()}, KeyError, "attribute 'type' already exists"),
        ({"a.b": nn.ReLU()}, KeyError, "can't contain"),
    ],
)
def test_module_dict_key_errors(content, error, message):
    with pytest.raises(error) as raised:
        nn.ModuleDict(content)
    assert message in raised.value.args[0]


def test_parameter_list():
    first = nn.Parameter(tg.ones(2))
    group = nn.ParameterList([first, tg.ones(3, 1), "text"])
    assert group[0] is first
    assert isinstance(group[1], nn.Parameter)
    assert group[-1] == "text"
    assert len(group) == 3
    assert list(group.state_dict()) == ["0", "1"]
    group.append(tg.ones(1))
    group += [tg.ones(1)]
    assert group.extend(group) is group
    assert len(group) == 10
    assert type(group[3:5]) is nn.ParameterList
    assert len(list(group[3:5].parameters())) == 2
    group[1] = tg.zeros(4)
    assert isinstance(group[1], nn.Parameter)
    assert group[1].shape == (4,)
    assert next(iter(group)) is first
    for index in (10, -11):
        with pytest.raises(IndexError, match="out of range"):
            group[index]
    with pytest.raises(RuntimeError, match="ParameterList should not be called"):
        group(1)
    for wrong in (3, tg.ones(2)):
        with pytest.raises(TypeError, match="should be called with an iterable"):
            nn.ParameterList(wrong)


def test_parameter_dict():
    group = nn.ParameterDict({"b": tg.ones(1)})
    group["a"] = nn.Parameter(tg.ones(2))
    group["note"] = "text"
    assert list(group) == list(group.keys()) == ["b", "a", "note"]
    assert list(reversed(group)) == ["note", "a", "b"]
    assert isinstance(group["b"], nn.Parameter)
    assert group.a is group["a"]
    assert list(group.state_dict()) == ["b", "a"]
    assert [key for key, _ in group.items()] == ["b", "a", "note"]
    assert list(group.values())[2] == "text"
    assert group.get("z") is None
    assert group.get("z", 3) == 3
    assert group.setdefault("z", tg.ones(3)).shape == (3,)
    assert group.setdefault("z") is group["z"]
    assert group.copy()["z"] is group["z"]
    assert list(group | nn.ParameterDict({"q": tg.ones(1)})) == ["b", "a", "note", "z", "q"]
    assert "q" not in group
    for other in ([1], 3):
        with pytest.raises(TypeError):
            group | other
    with pytest.raises(TypeError):
        group |= 3
    group |= {"q": tg.ones(1)}
    assert group.popitem()[0] == "q"
    assert group.pop("note") == "text"
    del group["b"]
    assert list(group) == ["a", "z"]
    group.update({"a": tg.zeros(1)})
    assert group["a"].shape == (1,)
    assert list(nn.ParameterDict().fromkeys(["x", "y"], tg.ones(1))) == ["x", "y"]
    group.clear()
    assert not len(group)
    assert not list(group.parameters())
    with pytest.raises(KeyError):
        group.popitem()
    for action in (lambda: group["a"], lambda: group.pop("a"), lambda: group.__delitem__("a")):
        with pytest.raises(KeyError):
            action()
    with pytest.raises(RuntimeError, match="ParameterDict should not be called"):
        group(1)
    with pytest.raises(TypeError, match="not a string"):
        group[1] = tg.ones(1)
    with pytest.raises(KeyError, match="already exists"):
        group["type"] = tg.ones(1)


def test_repr_of_parameter_containers():
    assert repr(nn.ParameterList([tg.ones(2), 3, tg.ones(3, 2)])) == (
        "ParameterList(\n"
        "    (0): Parameter containing: [tinygrad5329.float32 of size 2]\n"
        "    (1): Object of type: int\n"
        "    (2): Parameter containing: [tinygrad5329.float32 of size 3x2]\n"
        ")"
    )
    assert repr(nn.ParameterDict({"a": "text"})) == "ParameterDict(  (a): Object of type: str)"
    assert repr(nn.ParameterDict({"a": tg.ones(2, 1)})) == (
        "ParameterDict(  (a): Parameter containing: [tinygrad5329.FloatTensor of size 2x1])"
    )
