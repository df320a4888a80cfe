from __future__ import annotations

import base64
import io
import json
import pickle
import struct
import sys
import zipfile
from collections import Counter, OrderedDict, namedtuple
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329 import dtypes, nn, optim


def there_and_back(obj: Any) -> Any:
    file = io.BytesIO()
    tg.save(obj, file)
    file.seek(0)
    return tg.load(file)


def load_bytes(content: bytes, **options: Any) -> Any:
    return tg.load(io.BytesIO(content), **options)


def saved(obj: Any) -> bytes:
    file = io.BytesIO()
    tg.save(obj, file)
    return file.getvalue()


@pytest.mark.parametrize(
    "value",
    [
        None,
        -(2**70),
        float("inf"),
        "täxt",
        b"\x00\xff",
        b"",
        [1, (2.5, [None])],
        OrderedDict([("b", 1), ("a", (True,))]),
        {1: "one", "1": 2, (3, "x"): {4}},
        {"$": "tensor", "name": "x"},
        set(),
        {"b", "a", 1},
        frozenset({2}),
        1 - 2.5j,
        complex(float("-inf"), -0.0),
        tg.float16,
        tg.bool,
        tg.device("cuda:1"),
        tg.Size([2, 0, 3]),
    ],
)
def test_plain_values_come_back_equal_and_of_the_same_type(value: Any) -> None:
    for back in (there_and_back(value), there_and_back({"nested": [value]})["nested"][0]):
        assert back == value
        assert type(back) is type(value)


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int8", "int16", "int32", "int64"])
@pytest.mark.parametrize("shape", [(), (0, 3), (2, 3)])
def test_tensors_keep_bits_dtype_and_shape(dtype: str, shape: tuple[int, ...]) -> None:
    tensor = tg.from_numpy(np.resize(np.array([1, 0], dtype), shape))
    back = there_and_back([tensor])[0]
    assert back.dtype is tensor.dtype
    assert back.shape == tensor.shape
    assert back.numpy().tobytes() == tensor.numpy().tobytes()


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "complex64", "complex128"])
def test_floats_keep_every_bit(dtype: str) -> None:
    array = np.array([0.1, -0.0, np.inf, np.nan, 1e-40], np.float64).astype(dtype)
    back = there_and_back({"x": tg.from_numpy(array)})["x"].numpy()
    assert back.dtype == array.dtype
    assert back.tobytes() == array.tobytes()


def test_views_of_one_memory_share_it_again() -> None:
    base = tg.arange(12.0)
    back = there_and_back({"a": base[2:8].view(2, 3).T, "b": base[4:], "bits": base.view(tg.int32)[:6]})
    assert back["a"].tolist() == [[2.0, 5.0], [3.0, 6.0], [4.0, 7.0]]
    back["a"].zero_()
    assert back["b"].tolist() == [0, 0, 0, 0, 8, 9, 10, 11]
    assert back["bits"].tolist() == [*base.view(tg.int32)[:2].tolist(), 0, 0, 0, 0]


def test_one_tensor_twice_is_one_tensor_again() -> None:
    a, b = tg.ones(2), nn.Parameter(tg.zeros(3))
    back = there_and_back([a, a, {"b": b}, (b,), a.detach()])
    assert back[0] is back[1]
    assert back[2]["b"] is back[3][0]
    assert isinstance(back[3][0], nn.Parameter)
    assert back[3][0].requires_grad
    assert back[4] is not back[0]
    back[4].add_(1)
    assert back[0].tolist() == [2, 2]


def test_a_small_view_alone_does_not_carry_its_storage_along() -> None:
    assert len(saved(tg.zeros(100_000)[:2])) < 2000


def test_expanded_and_frozen_tensors() -> None:
    frozen = nn.Parameter(tg.ones(2), requires_grad=False)
    leaf = tg.ones(2, requires_grad=True)
    back = there_and_back([tg.tensor([1.0, 2.0])[:, None].expand(2, 3), frozen, leaf, leaf * 2])
    assert back[0].tolist() == [[1, 1, 1], [2, 2, 2]]
    assert [t.requires_grad for t in back] == [False, False, True, True]
    assert all(t.is_leaf for t in back)


def test_state_dicts_of_module_and_optimizer_with_tied_weights() -> None:
    def build() -> nn.Module:
        model = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Linear(3, 3))
        model[2].weight = model[0].weight
        return model

    model = build()
    optimizer = optim.Adam(model.parameters(), lr=0.1)
    model(tg.randn(5, 3)).sum().backward()
    optimizer.step()
    back = there_and_back({"model": model.state_dict(), "optimizer": optimizer.state_dict()})
    assert back["model"]._metadata == model.state_dict()._metadata
    other = build()
    other.load_state_dict(back["model"])
    for ours, theirs in zip(model.parameters(), other.parameters(), strict=True):
        assert tg.equal(ours, theirs)
    back["model"]["0.weight"].zero_()
    assert back["model"]["2.weight"].abs().sum() == 0
    restored = optim.Adam(other.parameters())
    restored.load_state_dict(back["optimizer"])
    assert restored.param_groups[0]["lr"] == 0.1


Point = namedtuple("Point", "x y")


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        (nn.Linear(1, 1), r"Linear.*pass its \.state_dict\(\)"),
        (nn.Linear, "pass its name"),
        (print, "pass its name"),
        (tg.default_generator, r"pass its \.get_state\(\)"),
        (Point(1, 2), r"pass tuple\(value\)"),
        (Counter("a"), r"pass dict\(value\)"),
        (object(), "what it was built from"),
    ],
)
def test_anything_else_is_refused_with_path_and_advice(value: Any, advice: str, tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    with pytest.raises(TypeError, match=rf"(?s)save: runs\.0\.best is a .*{advice}"):
        tg.save({"runs": [{"best": value}]}, path)
    assert list(tmp_path.iterdir()) == []


def test_a_container_that_holds_itself() -> None:
    loop: dict[str, Any] = {}
    loop["a"] = [loop]
    with pytest.raises(ValueError, match=r"a\.0 holds itself"):
        saved(loop)


def test_paths_are_replaced_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "new" / "a.pt"
    tg.save([1], path)
    tg.save([2], str(path))
    with pytest.raises(TypeError):
        tg.save([print], path)
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        tg.save([3], path)
    assert tg.load(path) == [2]
    assert [each.name for each in path.parent.iterdir()] == ["a.pt"]


def test_equal_objects_give_equal_files() -> None:
    assert saved({"s": {"b", "a"}, "t": tg.ones(2)}) == saved({"s": {"a", "b"}, "t": tg.ones(2)})


def test_arguments() -> None:
    content = saved([1])
    for location in (None, "cpu", tg.device("cpu"), {"cuda:0": "cpu"}, lambda storage, location: storage):
        assert load_bytes(content, map_location=location, weights_only=False, mmap=False) == [1]
    assert load_bytes(content, pickle_module=pickle, encoding="latin1") == [1]
    file = io.BytesIO()
    tg.save([1], file, pickle, pickle_protocol=4, _use_new_zipfile_serialization=False)
    assert file.getvalue() == content
    with pytest.raises(TypeError, match="save: pickle_module is not supported"):
        tg.save(1, file, pickle_module=json)
    with pytest.raises(TypeError, match="save: _disable_byteorder_record is not supported"):
        tg.save(1, file, _disable_byteorder_record=True)
    with pytest.raises(TypeError, match="load: pickle_module is not supported"):
        load_bytes(content, pickle_module=json)
    with pytest.raises(TypeError, match="load: fix_imports is not supported"):
        load_bytes(content, fix_imports=True)
    with pytest.raises(RuntimeError, match="mmap=True is not supported"):
        load_bytes(content, mmap=True)
    with pytest.raises(RuntimeError, match="no backend for device 'cuda'"):
        load_bytes(content, map_location="cuda")
    with pytest.raises(TypeError, match="map_location"):
        load_bytes(content, map_location=3)
    with pytest.raises(TypeError, match="weights_only"):
        load_bytes(content, weights_only="yes")
    with pytest.raises(TypeError, match="path or a file"):
        tg.save(1, 3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="path or a file"):
        tg.load(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="mode 'rb'"):
        tg.load(io.StringIO("text"))  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError):
        tg.load("/no/such/file")


# --- safetensors -------------------------------------------------------------------------------------


def test_safetensors_there_and_back(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    state = {"b": tg.tensor([True, False]), "a": tg.arange(6.0).view(2, 3).T, "n": tg.tensor(7), "e": tg.zeros(0, 2)}
    tg.save(state, path)
    back = tg.load(path)
    assert list(back) == list(state)
    for name, value in state.items():
        assert back[name].dtype is value.dtype
        assert back[name].shape == value.shape
        assert back[name].tolist() == value.tolist()
    back["a"].zero_()


def test_safetensors_of_the_safetensors_package(tmp_path: Path) -> None:
    package = pytest.importorskip("safetensors.numpy", reason="pip install 'tinygrad5329[train]'")
    arrays = {"x": np.arange(3, dtype=np.int8), "y": np.ones((2, 2)), "z": np.float16(2)[None]}
    for name, value in load_bytes(package.save(arrays, {"any": "note"})).items():
        assert value.numpy().dtype == arrays[name].dtype
        assert np.array_equal(value.numpy(), arrays[name])
    path = tmp_path / "a.safetensors"
    tg.save({name: tg.from_numpy(array) for name, array in arrays.items()}, path)
    back = package.load_file(path)
    assert {name: array.tolist() for name, array in back.items()} == {n: a.tolist() for n, a in arrays.items()}


def safetensors_bytes(header: Any, data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def entry(dtype: Any = "F32", shape: Any = (1,), offsets: Any = (0, 4)) -> dict[str, Any]:
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


BFLOAT16_FILE = {"x": entry("BF16", (2,)), "y": entry("BF16", (), (4, 6))}, b"\x80\x3f\x00\xc0\x80\x3f"


def test_bfloat16_is_read_and_written_as_it_is(tmp_path: Path) -> None:
    pytest.importorskip("ml_dtypes", reason="pip install 'tinygrad5329[bfloat16]'")
    back = load_bytes(safetensors_bytes(*BFLOAT16_FILE))
    assert back["x"].dtype is tg.bfloat16
    assert back["x"].tolist() == [1, -2]
    for name in ("a.safetensors", "a.tg"):
        tg.save(back, tmp_path / name)
        again = tg.load(tmp_path / name)
        assert again["x"].dtype is again["y"].dtype is tg.bfloat16
        assert again["x"].tolist() == [1, -2]


def test_without_ml_dtypes_bfloat16_becomes_float32_with_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    dtypes._bfloat16_of_ml_dtypes.cache_clear()
    monkeypatch.setitem(sys.modules, "ml_dtypes", None)
    content = safetensors_bytes(*BFLOAT16_FILE)
    with pytest.warns(UserWarning, match=r"bfloat16.*'x'.*float32"):
        back = load_bytes(content)
    assert back["x"].dtype is tg.float32
    assert back["x"].tolist() == [1, -2]
    assert back["y"].item() == 1


@pytest.mark.parametrize(
    ("obj", "message"),
    [
        ([1], "got list"),
        (nn.Linear(1, 1), r"pass its \.state_dict\(\)"),
        ({"a": {"b": tg.ones(1)}}, "'a' is a dict.*another suffix"),
        ({"a": tg.ones(1).to(tg.complex128)}, "complex128"),
    ],
)
def test_safetensors_hold_flat_dicts_alone(obj: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=message):
        tg.save(obj, tmp_path / "a.safetensors")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (struct.pack("<Q", 2**62) + b"{}", "header of 4611686018427387904 bytes"),
        (safetensors_bytes(b"{nonsense"), "JSONDecodeError"),
        (safetensors_bytes(b"{" + b'"a":[' * 100_000), "RecursionError|JSONDecodeError"),
        (safetensors_bytes({"x": entry()}, b"123"), "'x'.*bytes 0 to 4"),
        (safetensors_bytes({"x": entry()}, b"12345"), "take 4 bytes, but 5"),
        (safetensors_bytes({"x": entry(shape=(2,))}, b"1234"), "expected 8 bytes"),
        (safetensors_bytes({"x": entry(shape=(-1,))}, b"1234"), "whole numbers"),
        (safetensors_bytes({"x": entry(shape=(2**62, 2**62))}, b"1234"), "expected"),
        (safetensors_bytes({"x": entry(offsets=(-4, 0))}, b"1234"), "whole numbers"),
        (safetensors_bytes({"x": entry(), "y": entry(offsets=(2, 6))}, b"123456"), "'y'.*begin at 4"),
        (safetensors_bytes({"x": entry(dtype="F8_E5M2")}, b"1234"), "'F8_E5M2'"),
        (safetensors_bytes({"x": entry(dtype="BOOL", shape=(4,))}, b"\x01\x02\x00\x01"), "other than 0 and 1"),
        (safetensors_bytes({"x": {"dtype": "F32"}}), "is described by"),
        (safetensors_bytes(b'{"x": 1, "x": 2}'), "one name twice"),
        (b"", "it has 0 bytes"),
        (b"hello, world", "expected a file of"),
        (b"\x80\x04K\x01.", "a pickle that torch.save did not write"),
    ],
)
def test_malformed_files(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.file"
    path.write_bytes(content)
    with pytest.raises(RuntimeError, match=rf"bad\.file: .*({message})"):
        tg.load(path)


# --- damaged files of our own ------------------------------------------------------------------------


def rebuilt(content: bytes, change: Any, compression: int = zipfile.ZIP_STORED) -> bytes:
    """The zip again, with its members changed."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def with_tree(tree: Any) -> bytes:
    """A file whose tensors are one, "a" of three floats, and whose structure is `tree`."""

    def change(members: dict[str, bytes]) -> None:
        head = json.loads(members["state.json"])
        members["state.json"] = json.dumps(head | {"state": tree}).encode()

    return rebuilt(saved({"a": tg.ones(3)}), change)


def test_every_truncation_and_many_flipped_bits_are_found() -> None:
    content = saved({"a": tg.arange(3.0), "b": [1, "x"]})
    for length in range(0, len(content), 7):
        with pytest.raises(RuntimeError, match="BytesIO"):
            load_bytes(content[:length])
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        first = archive.infolist()[0].header_offset + 30 + len("state.json")
        last = first + archive.infolist()[0].file_size
    for position in range(first, last, 5):
        broken = bytearray(content)
        broken[position] ^= 4
        with pytest.raises(RuntimeError, match="CRC"):
            load_bytes(bytes(broken))


def shared(**changes: Any) -> dict[str, Any]:
    node = {"$": "tensor", "name": "a", "dtype": "float32", "offset": 0, "size": [3], "stride": [4]}
    return node | changes


@pytest.mark.parametrize(
    "tree",
    [
        shared(offset=4),
        shared(offset=-4),
        shared(stride=[-4]),
        shared(stride=[2**62]),
        shared(size=[4]),
        shared(size=[-1]),
        shared(size=[2**40, 2**40], stride=[4, 4]),
        shared(size=[2**32 + 1], stride=[2**32]),
        shared(size=["3"]),
        shared(stride=[4, 4]),
        shared(dtype="bool"),
        shared(dtype="object"),
        shared(name="b"),
        {"$": "same", "id": 0},
        {"$": "tuple"},
        {"$": "dict", "items": [[[], 1]]},
        {"$": "bytes", "value": "*"},
        {"$": "object"},
        {"$": ["tuple"]},
    ],
)
def test_hostile_structures(tree: Any) -> None:
    assert load_bytes(with_tree(shared())).tolist() == [1, 1, 1]
    with pytest.raises(RuntimeError, match="cannot read BytesIO"):
        load_bytes(with_tree(tree))


def test_hostile_archives() -> None:
    content = saved([tg.ones(3)])
    with pytest.raises(RuntimeError, match="compressed"):
        load_bytes(rebuilt(content, lambda members: None, zipfile.ZIP_DEFLATED))
    with pytest.raises(RuntimeError, match=r"'\.\./up' points out"):
        load_bytes(rebuilt(content, lambda members: members.update({"../up": b""})))
    with pytest.raises(RuntimeError, match=r"KeyError.*tensors\.safetensors"):
        load_bytes(rebuilt(content, lambda members: members.pop("tensors.safetensors")))
    with pytest.raises(RuntimeError, match="update this one"):
        load_bytes(content.replace(b'"version":1', b'"version":2').replace(crc(content), crc(content, b"2")))
    with pytest.raises(RuntimeError, match=r"holds 0 files NAME/data\.pkl"):
        load_bytes(rebuilt(content, lambda members: members.pop("state.json")))
    # The size of the first entry in the directory at the end, made huge.
    at = content.index(b"PK\x01\x02") + 20
    with pytest.raises(RuntimeError, match="claim more bytes"):
        load_bytes(content[:at] + struct.pack("<II", 2**31, 2**31) + content[at + 8 :])


def crc(content: bytes, version: bytes = b"1") -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        text = archive.read("state.json").replace(b'"version":1', b'"version":' + version)
    return struct.pack("<I", zipfile.crc32(text))  # type: ignore[attr-defined]


#: {"a": arange(4)[:2], "b": arange(4), "o": OrderedDict(k=(1, {2}))} as version 1 of the format wrote it.
RECORDED = (
    "P)h>@6aWAK00000Apq8mGG$}|003kG000UA0047zVRU6KYIARHdm?6Ua&2LBB03^;X>NIEa$#gOGcq|KZ(?d?V{{@cB6ekRb7^mG"
    "B04cFB6o6WbaZ8IUt)P8IwEvwZh2>NVPrKkGC3eHE-@}JA}k_vbYXO5B075_VIn$vA|xU@B6MYLb8m7YEFx}UZDk@lB4HvdB4l)V"
    "aAhJoB4%uFVRSPxA}k_rW@d9`bRs%1EFyDhdSxOyTQXfNB6D<dX=G(0I$JbdeJmnkB075_BqBN@bY*UHZ*n3mB5q-AWg<EvVInLd"
    "WOR9OWg<EvW^8X^bTcv{EFy1aW^-k9B04ZEB6DeaWg<FTG+itrb98cPWMv{cTQpsLEFy0rI(s4{B03^(a%5$4Wn>~OB58DGZF3?z"
    "TU#P)A}o6%BqBN@bailSWg;vhX>?_6b0RuhF)Vu`BqBN@b7gcQEFx)iWo>gJI$JVbeO-NBT`VGPWprU=VRT_4I&O7rY<+!wP)h>@"
    "6aWAK00000Apj%qd<0Mc002+`000vJ004AlZgX#Pb1rjXW@U6`ZgX#Pb2tD1000000DB@~B075_WOR9OWg<EvMl&)ZEFyDgVQ^(4"
    "I$JbdEFxrKbYWj_W@d9`baNs)TQDp!HeG#vAOHXW0001hKL7v#KmY(hKu}8o0u%!j000000000X0M?B%Wn=*W0Av9G015yA00000"
    "000000Du7i0001UbYXO5E^2dcZcs}B0u%!j000000000X03+{w1W*6~08jt`022TJ00000000000Du9E0RRAWWo~nCa&s<oVP<7?"
    "Wo~nCa&u5i1qJ{B000620swgc000dF00000"
)


def test_files_of_version_1_stay_readable() -> None:
    back = load_bytes(base64.b85decode(RECORDED))
    assert back["o"] == OrderedDict(k=(1, {2}))
    back["a"].add_(5)
    assert back["b"].tolist() == [5, 6, 2, 3]
