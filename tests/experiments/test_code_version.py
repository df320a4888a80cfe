"""The digest of the code: what counts, what does not."""

from __future__ import annotations

from tinygrad5329.experiments import code_version as module

COUNTED = {name for name, _ in module.counted_files()}


def test_what_a_number_can_come_from_counts():
    assert {
        "tape.py", "tensor.py", "ops/activation.py", "fast/gelu.py", "nn/linear.py",
        "optim/sgd.py", "optim/lr_scheduler/cosine.py", "random/permutation.py", "utils/data/dataloader.py",
        "training/loops.py", "training/models.py", "experiments/row.py", "experiments/networks.py",
        "experiments/recipe.py", "experiments/preparation.py", "experiments/configuration.py",
    } <= COUNTED  # fmt: skip


def test_what_draws_and_writes_does_not():
    assert not COUNTED & {
        "cli.py", "doctor.py", "training/plots.py", "training/report.py",
        "experiments/view.py", "experiments/runner.py", "experiments/study.py", "graph/draw.py",
    }  # fmt: skip
    assert not [name for name in COUNTED if name.startswith("experiments/output")]


def test_the_digest_hangs_on_names_and_contents_but_not_on_line_ends(monkeypatch, tmp_path):
    def digest(files):
        paths = []
        for name, content in files.items():
            path = tmp_path / name
            path.write_bytes(content)
            paths.append((name, path))
        monkeypatch.setattr(module, "counted_files", lambda: iter(paths))
        return module.code_version.__wrapped__()

    one = digest({"a.py": b"x = 1\n"})
    assert one == digest({"a.py": b"x = 1\r\n"})
    assert len({one, digest({"a.py": b"x = 2\n"}), digest({"b.py": b"x = 1\n"})}) == 3
