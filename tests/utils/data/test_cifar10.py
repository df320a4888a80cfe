"""cifar10-pca128 from a small archive of the same form."""

from __future__ import annotations

import functools
import hashlib
import http.server
import io
import sys
import tarfile
import threading

import numpy as np
import pytest

from tinygrad5329.utils.data import cifar10
from tinygrad5329.utils.data.array_files import DataError
from tinygrad5329.utils.data.cifar10 import build_pca, load_cifar10_pca128, read_archive

RECORDS, COMPONENTS = 12, 5
PIXELS = 48  # 3 x 4 x 4; a covariance of the real 3072 takes seconds
NAMES = [f"data_batch_{i}.bin" for i in range(1, 6)] + ["test_batch.bin"]


def batches(pixels=PIXELS):
    random = np.random.RandomState(0)
    return {
        name: np.concatenate(
            [random.randint(0, 10, (RECORDS, 1)), random.randint(0, 256, (RECORDS, pixels))], axis=1
        ).astype(np.uint8)
        for name in NAMES
    }


def write_archive(path, contents):
    with tarfile.open(path, "w:gz") as archive:
        for name, content in contents.items():
            data = content if isinstance(content, bytes) else content.tobytes()
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(autouse=True)
def small_images(monkeypatch):
    monkeypatch.setattr(cifar10, "_RECORD", 1 + PIXELS)


@pytest.fixture
def archive(tmp_path):
    return write_archive(tmp_path / "small.tar.gz", batches())


def build(archive, root, **arguments):
    arguments = {
        "archive": archive,
        "sha256": digest(archive),
        "records": RECORDS,
        "components": COMPONENTS,
    } | arguments
    return load_cifar10_pca128(root, **arguments)


def test_read_archive(tmp_path, monkeypatch):
    monkeypatch.undo()
    expected = batches(3072)
    archive = write_archive(tmp_path / "small.tar.gz", expected)
    train_x, train_y, test_x, test_y = read_archive(archive, RECORDS)
    assert train_x.shape == (5 * RECORDS, 3072)
    assert np.array_equal(train_x, np.concatenate([expected[name][:, 1:] for name in NAMES[:5]]))
    assert np.array_equal(train_y, np.concatenate([expected[name][:, 0] for name in NAMES[:5]]))
    assert np.array_equal(test_x, expected["test_batch.bin"][:, 1:])
    assert np.array_equal(test_y, expected["test_batch.bin"][:, 0])


def test_result(archive, tmp_path):
    data = build(archive, tmp_path / "cache")
    assert data.train_x.shape == (5 * RECORDS, COMPONENTS)
    assert data.test_x.shape == (RECORDS, COMPONENTS)
    assert data.train_x.dtype == np.float32
    assert (data.name, data.num_features, data.num_classes) == ("cifar10-pca128", COMPONENTS, 10)
    np.testing.assert_allclose(data.train_x.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(data.train_x.T @ data.train_x / len(data.train_x), np.eye(COMPONENTS), atol=1e-5)
    assert np.array_equal(data.test_y, batches()["test_batch.bin"][:, 0])


def test_second_time_is_read_from_the_cache(archive, tmp_path):
    root = tmp_path / "cache"
    first = build(archive, root)
    second = load_cifar10_pca128(root, records=RECORDS, components=COMPONENTS)  # Neither archive nor network.
    assert np.array_equal(first.train_x, second.train_x)
    names = sorted(path.name for path in (root / "cifar10-pca128").iterdir())
    assert names == ["test_data.npy", "test_label.npy", "train_data.npy", "train_label.npy"]
    label = np.load(root / "cifar10-pca128" / "train_label.npy")
    assert (label.dtype, label.shape) == (np.uint8, (5 * RECORDS, 1))


def test_an_incomplete_cache_is_built_again(archive, tmp_path):
    root = tmp_path / "cache"
    first = build(archive, root)
    (root / "cifar10-pca128" / "test_data.npy").unlink()
    assert np.array_equal(build(archive, root).test_x, first.test_x)


def test_a_damaged_cache_is_told(archive, tmp_path):
    build(archive, tmp_path)
    path = tmp_path / "cifar10-pca128" / "train_data.npy"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DataError, match=r"train_data.npy is truncated"):
        build(archive, tmp_path)


def test_an_interrupted_build_leaves_nothing(archive, tmp_path, monkeypatch):
    saved = []

    def save(file, array, allow_pickle):
        saved.append(array)
        if len(saved) == 3:
            file.write(b"half")
            raise KeyboardInterrupt
        np.lib.format.write_array(file, array, allow_pickle=False)

    monkeypatch.setattr(cifar10.np, "save", save)
    with pytest.raises(KeyboardInterrupt):
        build(archive, tmp_path)
    assert list((tmp_path / "cifar10-pca128").iterdir()) == []


@pytest.mark.parametrize("n", [40, 5000])
def test_pca_is_scikit_learns(n):
    decomposition = pytest.importorskip("sklearn.decomposition", reason="pip install 'tinygrad5329[data]'")
    random = np.random.RandomState(0)
    mixing = random.standard_normal((30, 30)) * np.linspace(3, 0.1, 30)
    images = (random.standard_normal((n + 10, 30)) @ mixing * 4 + 128).clip(0, 255).astype(np.uint8)
    train, test = build_pca(images[:n], images[n:], 6)
    theirs = decomposition.PCA(6, whiten=True, svd_solver="full").fit(images[:n] / 255)
    expected = theirs.transform(images[n:] / 255) * np.sqrt(n / (n - 1))  # They divide by N - 1.
    sign = np.sign((test * expected).sum(axis=0))
    np.testing.assert_allclose(test, expected * sign, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(train.std(axis=0), 1, rtol=1e-5)


def test_pca_signs_are_fixed():
    images = np.random.RandomState(1).randint(0, 256, (50, 8)).astype(np.uint8)
    first = build_pca(images, images[:5], 3)[0]
    # The same data in another order has the same components, whatever signs the solver returns.
    order = np.arange(50)[::-1]
    np.testing.assert_allclose(build_pca(images[order], images[:5], 3)[0][order], first, rtol=1e-4, atol=1e-5)


def test_pca_of_too_little():
    images = np.random.RandomState(1).randint(0, 256, (5, 8)).astype(np.uint8)
    with pytest.raises(ValueError, match="8 components asked of 5 training images of 8 pixels; at most 4 exist"):
        build_pca(images, images, 8)
    with pytest.raises(ValueError, match="vary in fewer than 2 directions"):
        build_pca(np.repeat(images[:2], 5, axis=0), images, 2)


def changed(**changes):
    return {name: changes.get(name.removesuffix(".bin"), content) for name, content in batches().items()}


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (
            {name: c for name, c in batches().items() if name != "data_batch_3.bin"},
            "expected a file .*data_batch_3.bin inside",
        ),
        (
            changed(data_batch_2=b"short"),
            r"data_batch_2.bin to have 588 bytes \(12 records of 49\), found 5",
        ),
        (
            changed(test_batch=np.full((RECORDS, 49), 11, np.uint8)),
            r"labels 0 to 9 in .*test_batch.bin, found 12 above \(the first is 11 in record 0\)",
        ),
    ],
)
def test_bad_archives(tmp_path, contents, message):
    path = write_archive(tmp_path / "bad.tar.gz", contents)
    with pytest.raises(DataError, match=f"bad.tar.gz: .*{message}"):
        build(path, tmp_path)
    assert not (tmp_path / "cifar10-pca128").exists()


def test_a_file_that_is_no_archive(archive, tmp_path):
    path = tmp_path / "broken.tar.gz"
    for content in (b"no archive", archive.read_bytes()[:2_000]):
        path.write_bytes(content)
        with pytest.raises(
            DataError, match=r"broken.tar.gz: expected CIFAR-10's binary archive, found .* cannot be read"
        ):
            build(path, tmp_path)
    with pytest.raises(FileNotFoundError):
        load_cifar10_pca128(tmp_path, archive=tmp_path / "nowhere.tar.gz")


def test_checksum(archive, tmp_path):
    with pytest.raises(DataError, match=rf"SHA-256 {cifar10.SHA256}, found {digest(archive)}"):
        load_cifar10_pca128(tmp_path, archive=archive)


def test_without_pooch(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(ImportError, match=r"pip install 'tinygrad5329\[data\]'"):
        load_cifar10_pca128(tmp_path)


@pytest.fixture
def server(tmp_path):
    folder = tmp_path / "served"
    folder.mkdir()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    handler = functools.partial(Quiet, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield folder, f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def test_download(server, tmp_path):
    pytest.importorskip("pooch", reason="pip install 'tinygrad5329[data]'")
    folder, address = server
    archive = write_archive(folder / "small.tar.gz", batches())
    arguments = {"url": f"{address}/small.tar.gz", "records": RECORDS, "components": COMPONENTS}
    root = tmp_path / "cache"
    with pytest.raises(ValueError, match="hash"):
        load_cifar10_pca128(root, sha256="0" * 64, **arguments)
    assert not (root / "cifar10-pca128").exists()
    data = load_cifar10_pca128(root, sha256=digest(archive), **arguments)
    assert data.train_x.shape == (5 * RECORDS, COMPONENTS)
