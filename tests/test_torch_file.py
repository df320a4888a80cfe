from __future__ import annotations

import base64
import io
import struct
import sys
import zipfile
from collections import Counter, OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.dtypes import ALL
from tinygrad5329.torch_file import LEGACY_MAGIC


def load_bytes(content: bytes, **options: Any) -> Any:
    return tg.load(io.BytesIO(content), **options)


# --- against PyTorch ---------------------------------------------------------------------------------


@pytest.fixture(params=["zip", "legacy"])
def torch_bytes(request: pytest.FixtureRequest) -> Callable[[Any], bytes]:
    """torch.save into bytes, in either of its formats."""
    torch = pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")

    def write(obj: Any) -> bytes:
        file = io.BytesIO()
        torch.save(obj, file, _use_new_zipfile_serialization=request.param == "zip")
        return file.getvalue()

    return write


def test_every_dtype_layout_and_sharing(torch_bytes: Callable[[Any], bytes]) -> None:
    import torch

    state: dict[str, Any] = {each.name: torch.arange(6).to(getattr(torch, each.name)) for each in ALL}
    state["empty"] = torch.empty(0, 3)
    state["scalar"] = torch.tensor(2.5)
    base = torch.arange(12.0)
    state |= {"part": base[2:8].view(2, 3).T, "whole": base, "again": base, "wide": torch.ones(2, 1).expand(2, 4)}
    back = load_bytes(torch_bytes(state))
    assert list(back) == list(state)
    for name, value in state.items():
        assert back[name].dtype.name == str(value.dtype).removeprefix("torch.")
        assert tuple(back[name].shape) == tuple(value.shape)
        assert back[name].stride() == value.stride() or value.numel() == 0
        assert back[name].tolist() == value.tolist()
    assert back["again"] is back["whole"]
    back["part"].zero_()
    assert back["whole"].tolist() == [0, 1, 0, 0, 0, 0, 0, 0, 8, 9, 10, 11]


def test_plain_values_parameters_and_dtypes(torch_bytes: Callable[[Any], bytes]) -> None:
    import torch

    plain = {
        "a": [1, -1, 300, 70_000, 2**40, 2**70, -(2**2100), 0.1, float("inf"), True, None, "täxt"],
        "b": (b"", b"\x00\xff", (), (1,), (1, 2, 3, 4), [[]], {}, {(1, "x"): {2}}),
        "c": OrderedDict(x=1),
        "d": {"s": set(), "f": frozenset({1})},
        "e": [1 - 2.5j, bytearray(b"\x00\xff"), bytearray(), Counter("aab")],
    }
    back = load_bytes(torch_bytes(plain))
    assert back == plain
    assert type(back["c"]) is OrderedDict
    assert [type(each) for each in back["e"]] == [complex, bytearray, bytearray, Counter]
    special = load_bytes(
        torch_bytes(
            [
                torch.nn.Parameter(torch.ones(2)),
                torch.nn.Parameter(torch.ones(2), requires_grad=False),
                torch.ones(2, requires_grad=True),
                torch.float16,
                torch.Size([2, 3]),
                torch.device("cuda", 1),
            ]
        )
    )
    assert [type(each) for each in special[:3]] == [nn.Parameter, nn.Parameter, tg.Tensor]
    assert [each.requires_grad for each in special[:3]] == [True, False, True]
    assert special[3:] == [tg.float16, tg.Size([2, 3]), tg.device("cuda:1")]


def test_state_dicts_load_here_and_back(torch_bytes: Callable[[Any], bytes], tmp_path: Path) -> None:
    import torch

    def build(nn: Any) -> Any:
        layers = [nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.LayerNorm(6), nn.Linear(6, 6, bias=False)]
        model = nn.Sequential(*layers)
        model.append(nn.Linear(6, 6))
        model[5].weight = model[4].weight
        return model

    theirs = build(torch.nn)
    theirs(torch.randn(8, 4))
    ours = build(nn)
    content = load_bytes(torch_bytes(theirs.state_dict()))
    assert content._metadata == dict(theirs.state_dict()._metadata)
    ours.load_state_dict(content)
    x = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    expected = theirs.eval()(torch.from_numpy(x)).detach().numpy()
    assert np.allclose(ours.eval()(tg.from_numpy(x)).detach().numpy(), expected, atol=1e-5)

    package = pytest.importorskip("safetensors.torch", reason="pip install 'tinygrad5329[train]'")
    with tg.no_grad():
        ours[0].weight.mul_(2)
    tg.save(ours.state_dict(), tmp_path / "ours.safetensors")
    theirs.load_state_dict(package.load_file(tmp_path / "ours.safetensors"))
    assert np.array_equal(theirs[0].weight.detach().numpy(), ours[0].weight.detach().numpy())


def test_optimizer_state(torch_bytes: Callable[[Any], bytes]) -> None:
    import torch

    weight = torch.nn.Parameter(torch.ones(2))
    optimizer = torch.optim.Adam([weight], lr=0.5)
    weight.sum().backward()
    optimizer.step()
    mine = nn.Parameter(tg.ones(2))
    restored = tg.optim.Adam([mine])
    restored.load_state_dict(load_bytes(torch_bytes(optimizer.state_dict())))
    assert restored.param_groups[0]["lr"] == 0.5
    assert restored.state[mine]["exp_avg"].tolist() == optimizer.state[weight]["exp_avg"].tolist()


def test_bfloat16_is_read_as_it_is(torch_bytes: Callable[[Any], bytes]) -> None:
    import torch

    pytest.importorskip("ml_dtypes", reason="pip install 'tinygrad5329[bfloat16]'")
    x = torch.tensor([1.0, -2.5, 3e38, float("nan")]).to(torch.bfloat16)
    back = load_bytes(torch_bytes({"x": x, "view": x[:2]}))
    assert back["x"].dtype is tg.bfloat16
    assert np.array_equal(back["x"].float().numpy(), x.float().numpy(), equal_nan=True)
    back["x"].zero_()
    assert back["view"].tolist() == [0, 0]


def test_without_ml_dtypes_bfloat16_becomes_float32_with_a_warning(
    torch_bytes: Callable[[Any], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    _hide_ml_dtypes(monkeypatch)
    x = torch.tensor([1.0, -2.5, 3e38, float("nan")]).to(torch.bfloat16)
    with pytest.warns(UserWarning, match="1 bfloat16 .*became float32"):
        back = load_bytes(torch_bytes({"x": x, "view": x[:2]}))
    assert np.array_equal(back["x"].numpy(), x.float().numpy(), equal_nan=True)
    back["x"].zero_()
    assert back["view"].tolist() == [0, 0]


def _hide_ml_dtypes(monkeypatch: pytest.MonkeyPatch) -> None:
    from tinygrad5329 import dtypes

    dtypes._bfloat16_of_ml_dtypes.cache_clear()
    monkeypatch.setitem(sys.modules, "ml_dtypes", None)


class Custom:
    """A class of the user's, which a pickle refers to."""


def refused_objects() -> list[tuple[Callable[[], Any], str]]:
    def module() -> Any:
        import torch

        return torch.nn.Linear(1, 1)

    def sparse() -> Any:
        import torch

        return torch.ones(2).to_sparse()

    def storage() -> Any:
        import torch

        return torch.ones(2).untyped_storage()

    return [
        (module, r"torch\.nn\.modules\.linear\.Linear"),
        (lambda: {"a": [Custom()]}, r"test_torch_file\.Custom"),
        (lambda: print, r"builtin.*\.print"),
        (lambda: memoryview, r"builtin.*\.memoryview"),
        (lambda: np.float64(1), r"numpy.*\.scalar"),
        (sparse, r"torch\._utils\._rebuild_sparse_tensor"),
        (lambda: OrderedDict, r"collections\.OrderedDict itself"),
        (lambda: [((OrderedDict,),)], r"collections\.OrderedDict itself"),
        (storage, "Storage"),
    ]


@pytest.mark.filterwarnings("ignore:.*TypedStorage")
@pytest.mark.parametrize(("make", "wanted"), refused_objects())
def test_anything_else_is_refused_by_name(
    make: Callable[[], Any], wanted: str, torch_bytes: Callable[[Any], bytes]
) -> None:
    with pytest.raises(RuntimeError, match=rf"cannot read BytesIO: it (asks for|holds) .*{wanted}"):
        load_bytes(torch_bytes({"x": make()}), weights_only=False)


def test_torchscript_is_refused(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")
    file = io.BytesIO()
    with pytest.warns(DeprecationWarning, match="torch.jit"):
        torch.jit.save(torch.jit.script(torch.nn.Linear(1, 1)), file)
    with pytest.raises(RuntimeError, match=r"TorchScript archive.*state_dict"):
        load_bytes(file.getvalue())


def test_every_truncation_is_found(torch_bytes: Callable[[Any], bytes]) -> None:
    import torch

    content = torch_bytes({"a": torch.ones(3), "b": [1]})
    for length in range(0, len(content), 11):
        with pytest.raises(RuntimeError, match="cannot read BytesIO"):
            load_bytes(content[:length])


# --- recorded and hand-made files --------------------------------------------------------------------

#: OrderedDict(a=arange(3), b=Parameter(ones(2, 1))) of torch.save, version 2.13.
LEGACY = (
    "fC7pNZ2X)?`5<bjP#G?O0!`@yE`S1kaR4Y-5C8xGaB^>SZ)0z4Uv_13b7^mGaRE)~16U0J003-hbaZTGUuAA&X<=@00*F`&0001V"
    "d2nT4b7^{Ib8!QGaRew>1poj5b7*gJba4es0$2k8003!jba4ht1Xu(B003-nZf9`^O9XXwE`S1KV{dG1Wn*+{Z*Fr6PjX~sa%E&h"
    "X=8K>aR4b&aRDe;0RR91VQ~UubZ>HFXf9uMbZKmJ3SV+%Vs&Y3WM6b;ZgX#PUv@GIaRVqQSO)+A0CRM2a$#p>aRg&@Z*pU33QTWq"
    "XH#@<a$#p>3ULKk4gdfEIW#vnG&VFdGBYzcGBj}pSOWk60Ap}<aR*BSPIPeyQA+?z1BG!3O96#(3W;a{DN=C@ba4z)aSd1j0001D"
    "aSmg2Z*pU3E?;$YX>4-}Uvgz)b!lv5UvOb^VQpn}WpWB}4`>4@C};#@bZ>HFXbMJbZ((#(bZ>HDXJra;5LgZX0022OH#amjH8(Rd"
    "H8M0faS><-O9D=GaS~BW080W(0fuoCO94v(hH(^$XaFfvaTRoN7E*B+h-d&QQgIlEaT!u^8g(v!0$p(cC|C{v0022OH#amjH8(Rd"
    "H8M0faRFEk0000vG&eUiHZ(IbGc!0cG;soDE&>1m000000001hKL7xLKLY>&000000000000000009610000000IC20000000"
)


def test_a_recorded_file() -> None:
    back = load_bytes(base64.b85decode(LEGACY))
    assert type(back) is OrderedDict
    assert back["a"].tolist() == [0, 1, 2]
    assert isinstance(back["b"], nn.Parameter)
    assert back["b"].tolist() == [[1], [1]]


STORAGE = b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x04tQ"


def ints(*numbers: int) -> bytes:
    return b"(" + b"".join(b"J" + struct.pack("<i", n) for n in numbers) + b"t"


def tensor(offset: bytes = b"K\x00", size: bytes = b"", stride: bytes = b"", storage: bytes = STORAGE) -> bytes:
    """The instructions for a float tensor; by default of all the four elements."""
    call = b"ctorch._utils\n_rebuild_tensor_v2\n("
    return call + storage + offset + (size or ints(2, 2)) + (stride or ints(2, 1)) + b"\x89}tR"


def archive(program: bytes, *, byteorder: bytes = b"little", **members: bytes) -> bytes:
    """A file as torch.save writes it, with this pickle and a storage of four floats."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as target:
        target.writestr("archive/data.pkl", b"\x80\x02" + program + b".")
        target.writestr("archive/byteorder", byteorder)
        for name, data in ({"data/0": np.arange(4, dtype="<f4").tobytes()} | members).items():
            target.writestr(f"archive/{name}", data)
    return file.getvalue()


def test_hand_made_archives() -> None:
    assert load_bytes(archive(tensor())).tolist() == [[0, 1], [2, 3]]
    big = archive(tensor(), byteorder=b"big", **{"data/0": np.arange(4, dtype=">f4").tobytes()})
    assert load_bytes(big).tolist() == [[0, 1], [2, 3]]
    assert load_bytes(archive(tensor(b"K\x09", ints(0, 3), ints(3, 1)))).shape == (0, 3)


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (b"cposix\nsystem\n(X\x02\x00\x00\x00lstR", r"posix\.system"),
        (b"\x8c\x05posix\x8c\x06system\x93", r"posix\.system"),
        (b"(X\x02\x00\x00\x00lsiposix\nsystem\n", "posix system through INST"),
        (b"cbuiltins\neval\n", r"builtins\.eval"),
        (b"ctorch._utils\n_rebuild_tensor_v2.__globals__\n", "__globals__"),
        (b"ccollections\nOrderedDict\n)\x81", r"OrderedDict through NEWOBJ"),
        (b"ccollections\nOrderedDict\n)R}X\x05\x00\x00\x00itemsK\x01sb", "set attributes"),
        (b"]}X\x05\x00\x00\x00itemsK\x01sb", "set attributes of a list"),
        (b"\x82\x01", "EXT1"),
        (b"ccollections\nOrderedDict\n", "OrderedDict itself"),
        (b"](ccollections\nOrderedDict\ne", "OrderedDict itself"),
        (b"K\x01K\x02R", "damaged at byte .*REDUCE"),
        (b"", "damaged at byte 2"),
        (b"t", "TUPLE"),
        (b"h\x05", "BINGET"),
        (b"K\x01K\x02a", "APPEND"),
        (b"](K\x01u", "SETITEMS"),
        (b"}]K\x01s", "list as a key"),
        (b"}K\x01\x85\x85K\x01s", "tuple as a key"),
        (b"\xff", "opcode"),
        (b"X\xff\xff\xff\x7fabc", "expected 2147483647 bytes"),
        (b"cbuiltins\nbytearray\nJ\xff\xff\xff\x7f\x85R", "bytearray of int"),
        (b"cbuiltins\ncomplex\nX\x01\x00\x00\x00jK\x01\x86R", "complex number of str"),
        (b"ccollections\nCounter\n}]K\x01s\x85R", "list as a key"),
        (b"ctorch\nSize\n" + ints(-1) + b"\x85R", "whole numbers"),
        (tensor(b"K\x01"), "ends at byte 20 of a storage of 16"),
        (tensor(b"J\xff\xff\xff\xff"), "offset"),
        (tensor(size=ints(-2, 2)), "size"),
        (tensor(stride=ints(-2, 1)), "stride"),
        (tensor(stride=ints(2**30, 1)), "ends at byte"),
        (tensor(size=ints(2)), "as many strides as sizes"),
        (tensor(size=ints(*[2**31 - 1] * 3), stride=ints(0, 0, 0)), "of size"),
        (tensor(storage=STORAGE.replace(b"000X", b"009X").replace(b"\x000X", b"\x009X")), "no entry 'archive/data/9'"),
        (tensor(storage=STORAGE.replace(b"K\x04", b"K\x05")), "16 bytes; a FloatStorage of 5 elements has 20"),
        (tensor(storage=STORAGE.replace(b"K\x04", b"J\xff\xff\xff\xff")), "-1 elements"),
        (tensor(storage=STORAGE.replace(b"Float", b"QInt8")), r"torch\.QInt8Storage"),
        (tensor(storage=STORAGE[:-1] + b"0" + STORAGE), "damaged|asks for"),
        (tensor(storage=b"K\x01"), "no storage"),
        (b"(" + tensor() + tensor(storage=STORAGE.replace(b"Float", b"Int")) + b"t", "twice, as FloatStorage"),
    ],
)
def test_hostile_pickles(program: bytes, message: str) -> None:
    with pytest.raises(RuntimeError, match=rf"cannot read BytesIO: .*({message})"):
        load_bytes(archive(program))


def test_hostile_legacy_files() -> None:
    def file(program: bytes, rest: bytes = b"") -> bytes:
        return LEGACY_MAGIC + b"\x80\x02M\xe9\x03.\x80\x02}." + b"\x80\x02" + program + b"." + rest

    legacy = STORAGE.replace(b"tQ", b"NtQ")
    keys = b"\x80\x02]X\x01\x00\x00\x000a."
    good = struct.pack("<q", 4) + bytes(16)
    assert load_bytes(file(tensor(storage=legacy), keys + good)).tolist() == [[0, 0], [0, 0]]
    for content, message in [
        (file(tensor(storage=legacy.replace(b"K\x04", b"J\xff\xff\xff\x7f"))), "need 8589934588 bytes"),
        (file(tensor(storage=legacy), keys + good[:-1]), "the file ends"),
        (file(tensor(storage=legacy), keys + good + b"x"), "bytes follow"),
        (file(tensor(storage=legacy), keys + struct.pack("<q", -4) + bytes(16)), "should have 4 elements"),
        (file(tensor(storage=legacy), b"\x80\x02]."), "not those listed"),
        (file(b"cposix\nsystem\n"), r"posix\.system"),
        (LEGACY_MAGIC + b"\x80\x02K\x01.\x80\x02}.", "protocol version is 1"),
    ]:
        with pytest.raises(RuntimeError, match=message):
            load_bytes(content)


def test_a_wrong_checksum() -> None:
    content = archive(tensor())
    data = np.arange(4, dtype="<f4").tobytes()
    with pytest.raises(RuntimeError, match="Bad CRC-32 for file 'archive/data/0'"):
        load_bytes(content.replace(data, data[:-1] + b"\x00"))


def test_where_storages_were() -> None:
    content = archive(tensor(storage=STORAGE.replace(b"\x03\x00\x00\x00cpu", b"\x06\x00\x00\x00cuda:1")))
    for location in ("cpu", tg.device("cpu"), {"cuda:1": "cpu"}, lambda storage, location: storage):
        assert load_bytes(content, map_location=location).shape == (2, 2)
    for location in (None, {"cuda:0": "cpu"}, lambda storage, location: None, {"cuda:1": 3}):
        with pytest.raises(RuntimeError, match=r"cuda:1.*'cpu'"):
            load_bytes(content, map_location=location)
