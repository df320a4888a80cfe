"""Finished runs on disk: found again under the same key, set aside when damaged."""

from __future__ import annotations

import json
import os

import pytest

from tinygrad5329.experiments.cache import RunCache


@pytest.fixture
def said():
    return []


@pytest.fixture
def cache(tmp_path, said):
    cache = RunCache(tmp_path / "runs", "code", "data", said.append)
    cache.prepare()
    return cache


def stored(small, cache, **change):
    record = small.made_up(**change) | {"key": cache.key(small.configuration())}
    return record, cache.store(record)


def changed(text, **change):
    return json.dumps(json.loads(text) | change)


def test_a_record_is_found_again(small, cache):
    record, path = stored(small, cache)
    assert path == cache.path(record["key"])
    assert cache.load(record["key"]) == record
    assert cache.load("another") is None


def test_the_key_hangs_on_configuration_code_and_data(small, tmp_path):
    one = RunCache(tmp_path, "code", "data").key(small.configuration())
    assert one == RunCache(tmp_path / "elsewhere", "code", "data").key(small.configuration())
    others = [
        RunCache(tmp_path, "code", "data").key(small.configuration(seed=1)),
        RunCache(tmp_path, "code 2", "data").key(small.configuration()),
        RunCache(tmp_path, "code", "data 2").key(small.configuration()),
    ]
    assert len({one, *others}) == 4


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[:50],
        lambda text: "",
        lambda text: "[]",
        lambda text: text.replace('"schema": 1', '"schema": 0'),
        lambda text: text.replace('"key": "', '"key": "x'),
        lambda text: text.replace('"history"', '"story"'),
        lambda text: "[" * 100_000,
        lambda text: changed(text, status="great"),
        lambda text: changed(text, history=5),
        lambda text: changed(text, history=[{"epoch": 1}]),
        lambda text: changed(text, history=[]),
        lambda text: changed(text, config={}),
        lambda text: changed(text, config=json.loads(text)["config"] | {"lr": 0.07}),
        lambda text: changed(text, data=None),
        lambda text: changed(text, test="x"),
        lambda text: changed(text, test=None),
        lambda text: changed(text, train=json.loads(text)["train"] | {"accuracy": "0.5"}),
        lambda text: changed(text, train=json.loads(text)["train"] | {"confusion": [[1, 2], [3]]}),
        lambda text: text.replace('"training_seconds": 3.0', '"training_seconds": NaN'),
    ],
)
def test_a_damaged_file_is_set_aside_and_said_so(small, cache, said, spoil):
    record, path = stored(small, cache, judged=[0.5])
    path.write_text(spoil(path.read_text(encoding="utf-8")), encoding="utf-8")
    assert cache.load(record["key"]) is None
    assert not path.exists()
    assert path.with_name(path.name + ".damaged").exists()
    assert len(said) == 1
    assert "damaged" in said[0]
    assert path.name in said[0]


def test_bytes_that_are_no_text_are_set_aside_too(small, cache, said):
    record, path = stored(small, cache)
    path.write_bytes(b"\xff\xfe\x00")
    assert cache.load(record["key"]) is None
    assert len(said) == 1


def test_numbers_that_json_cannot_hold_become_none(small, cache):
    record, path = stored(small, cache, judged=[0.5])
    record["history"][0]["val_loss"] = float("inf")
    cache.store(record)
    assert json.loads(path.read_text(encoding="utf-8"))["history"][0]["val_loss"] is None


def test_what_killed_writers_left_is_removed(cache):
    leftover = cache.folder / ".x.json.1234.partial"
    leftover.write_text("half", encoding="utf-8")
    cache.tidy()
    assert not leftover.exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(OSError, match=r"--out: .*file.*cannot be made"):
        RunCache(tmp_path / "file" / "runs", "code", "data").prepare()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    folder = tmp_path / "runs"
    folder.mkdir(mode=0o500)
    with pytest.raises(PermissionError, match="cannot be written"):
        RunCache(folder, "code", "data").prepare()
