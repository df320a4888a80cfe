"""The report checked against itself: every count and every figure that ``errata.md`` names."""

from __future__ import annotations

import ast
import re

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.experiments.configuration import Configuration
from tinygrad5329.experiments.networks import build_network
from tinygrad5329.experiments.output.document import Code, Items, Paragraph, Subheading, Table, blocks_of_markdown
from tinygrad5329.experiments.output.errata import NOT_RUN, errata_text, measurements
from tinygrad5329.experiments.results import Outcome, StudyResult, row_result
from tinygrad5329.experiments.study import load_studies
from tinygrad5329.training.models import count_parameters

STUDIES = {study.key: study for study in load_studies()}
TABLES = [block for block in blocks_of_markdown(errata_text()) if isinstance(block, Table)]
(COUNTS,) = (table for table in TABLES if "arithmetic" in table.columns)
BEST = STUDIES["best"].rows[0].configuration


def computed(expression):
    """The value of sums and products of whole numbers."""
    assert re.fullmatch(r"[\d\s()*+-]+", expression)
    tree = ast.parse(expression, mode="eval")
    return eval(compile(tree, "errata.md", "eval"), {"__builtins__": {}})


@pytest.mark.parametrize("row", COUNTS.rows, ids=lambda row: row[0])
def test_the_arithmetic_gives_the_printed_count(row):
    printed, _, arithmetic, _ = row
    assert computed(arithmetic.strip("`")) == int(printed.replace(",", ""))


def test_every_count_that_the_studies_know_is_checked_and_built():
    known = {}
    for study in STUDIES.values():
        for row in study.rows:
            if "parameters" in row.report:
                known[int(row.report["parameters"])] = row.configuration
    assert {f"{count:,}" for count in known} == {row[0] for row in COUNTS.rows}
    for count, configuration in known.items():
        assert count_parameters(build_network(configuration)) == count


def test_what_is_said_of_the_extractors():
    best, first = 168_202, 128 * 256 + 256
    assert best - first == 135_178
    assert 135_178 + 64 * 256 + 256 * 256 + 256 == 217_354
    assert 3 * (128 * 128 + 128) == 49_536 > 7_754
    two = tg.nn.Conv1d(1, 2, 2), tg.nn.Conv1d(1, 2, 3, bias=False)
    assert [count_parameters(each) for each in two] == [6, 6]
    assert two[0](tg.zeros(1, 1, 128)).numel() == 254
    assert round(7_754 / best, 3) == 0.046


def test_two_biases_of_the_best_model_have_no_gradient():
    tg.manual_seed(0)
    model = build_network(BEST.changed({"dropout": 0.0})).to(tg.float64)
    x = tg.randn(64, 128, dtype=tg.float64)
    tg.nn.functional.cross_entropy(model(x), tg.arange(64) % 10).backward()
    sizes = {name: np.abs(p.grad.numpy()).max() for name, p in model.named_parameters()}
    idle = sorted(name for name, size in sizes.items() if size < 1e-12)
    assert len(idle) == 2 and all(name.endswith("bias") for name in idle)
    assert sum(dict(model.named_parameters())[name].numel() for name in idle) == 512


def test_layers_without_activation_are_one():
    tg.manual_seed(0)
    configuration = STUDIES["table-10"].rows[0].configuration
    network = build_network(configuration).to(tg.float64).eval()
    with tg.no_grad():
        offset = network(tg.zeros(1, 128, dtype=tg.float64))
        matrix = network(tg.eye(128, dtype=tg.float64)) - offset
        x = tg.randn(7, 128, dtype=tg.float64)
        np.testing.assert_allclose(network(x).numpy(), (x @ matrix + offset).numpy(), rtol=1e-9, atol=1e-9)
    assert matrix.numel() + offset.numel() == 1_290 == 101_386 - 100_096


def test_table_7_varies_the_effective_rate():
    rates = {row.name: row.configuration for row in STUDIES["table-07"].rows if "averaged" not in row.name}
    (table,) = (table for table in TABLES if table.columns[0] == "momentum")
    assert [row[0] for row in table.rows] == list(rates)
    for momentum, printed, averaged, memory in table.rows:
        configuration = rates[momentum]
        assert float(printed) == pytest.approx(configuration.lr / (1 - configuration.options["momentum"]))
        assert float(averaged) == configuration.lr
        assert float(memory) == pytest.approx(1 / (1 - float(momentum)))


def test_the_best_models_choices_are_edges_of_their_series():
    rates = [row.configuration.lr for row in STUDIES["table-03"].rows]
    momenta = [row.configuration.options["momentum"] for row in STUDIES["table-07"].rows]
    widths = [row.configuration.hidden[0] for row in STUDIES["table-08"].rows]
    assert BEST.lr == max(rates)
    assert BEST.options["momentum"] == min(momenta)
    assert BEST.hidden[0] == max(widths)


def test_every_measured_figure_names_a_row():
    assert measurements()
    for study, row, _ in measurements():
        STUDIES[study].row(row)


def test_the_text_is_made_of_what_a_page_can_show():
    blocks = blocks_of_markdown(errata_text())
    assert {type(block) for block in blocks} == {Paragraph, Subheading, Code, Table, Items}
    assert all(len(row) == len(table.columns) for table in TABLES for row in table.rows)
    assert NOT_RUN in errata_text()


def run(status="ok", accuracy=0.5):
    figures = {"accuracy": accuracy, "f1": accuracy}
    return {
        "status": status,
        "epochs": 12,
        "train": figures if accuracy else None,
        "test": figures if accuracy else None,
        "training_seconds": 3.0,
        "inference_seconds": 0.1 if accuracy else None,
        "parameters": 17802,
        "config": Configuration().as_dict(),
    }


def test_measured_figures_are_filled_in():
    study = STUDIES["two-readings"]
    runs = {study.rows[0].name: [run(accuracy=0.5), run(accuracy=0.6)]}
    runs[study.rows[1].name] = [run("diverged", None)]
    runs[study.rows[2].name] = [run(accuracy=0.25), run("diverged", 0.25)]
    rows = [row_result(row, runs.get(row.name, [])) for row in study.rows]
    outcome = Outcome(
        studies=(StudyResult(study, tuple(rows), None),), settings={"quick": False}, data={}, environment={}, code="",
        wall_seconds=0.0, runs_new=0, runs_found=0, facts={}, finished_at="",
    )  # fmt: skip
    tables = [block for block in blocks_of_markdown(errata_text(outcome)) if isinstance(block, Table)]
    (table,) = (table for table in tables if table.columns[0] == "reading")
    assert table.rows[0][2:] == ("12.0 ± 0.0", "0.5500 ± 0.0707", "0.5500 ± 0.0707")
    assert table.rows[1][2:] == ("12 (1 of 1 diverged)", "1 of 1 diverged", "1 of 1 diverged")
    assert table.rows[2][4] == "0.2500 ± 0.0000 (1 of 2 diverged)"
    assert table.rows[3][4] == NOT_RUN
