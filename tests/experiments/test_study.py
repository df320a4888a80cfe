"""Study files: those of the package hold the report's rows, and a wrong file is refused with its reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinygrad5329.experiments.choice import choose_studies
from tinygrad5329.experiments.study import FIGURES, StudyError, load_studies, load_study

STUDIES = {study.key: study for study in load_studies()}

ROWS = {
    3: ["0.001", "0.005", "0.01", "0.05"],
    4: ["200", "100", "256", "128", "64", "32"],
    5: ["0.5", "0.3", "0.2", "0.1", "0.05", "none"],
    6: ["none", "1e-4", "1e-3", "1e-2"],
    7: ["0.9", "0.95", "0.98", "0.99", "0.999"],
    8: ["256", "128", "64", "200", "150", "100", "50"],
    9: ["1", "2", "3", "4"],
    11: ["BatchNorm", "LayerNorm"],
    12: ["ReLU", "Leaky ReLU", "GELU", "Tanh", "Sigmoid"],
    13: ["linear", "Conv1d", "RNN", "self-attention"],
}
#: Table and keys that its rows may differ in.
VARIED = {
    3: "lr", 4: "batch_size", 5: "dropout", 6: "weight_decay", 8: "hidden", 9: "hidden",
    11: "normalisation", 12: "activation", 13: "extractor",
}  # fmt: skip


@pytest.mark.parametrize("table", ROWS)
def test_the_tables_have_the_reports_rows_and_vary_one_thing(table):
    study = STUDIES[f"table-{table:02}"]
    assert [row.name for row in study.rows][: len(ROWS[table])] == ROWS[table]
    assert study.tables == (table,)
    # The averaged velocities of Table 7 are another optimizer.
    assert study.varied == (("optimizer", "options") if table == 7 else (VARIED[table],))


def test_the_names_of_rows_say_what_they_change():
    for table, key in ((3, "lr"), (4, "batch_size"), (6, "weight_decay")):
        for row in STUDIES[f"table-{table:02}"].rows:
            wanted = 0.0 if row.name == "none" else float(row.name)
            assert getattr(row.configuration, key) == wanted
    for row in STUDIES["table-07"].rows:
        momentum = float(row.name.split(",")[0])
        assert row.configuration.options["momentum"] == momentum
        assert row.configuration.options.get("nu") == (1.0 if "averaged" in row.name else None)


def test_the_protocol_of_all_tables_is_that_of_the_report():
    for study in STUDIES.values():
        if study.tables:
            for row in study.rows:
                config = row.configuration
                assert config.epochs == (200 if study.key == "baseline" else 80)
                assert config.patience == 10
                assert (config.protocol, config.split_seed, config.quick) == ("validation", 0, False)
                assert study.key in ("table-04",) or config.batch_size == 200


def test_rows_that_follow_one_another_end_at_the_best_model():
    best = STUDIES["best"].rows[0].configuration
    for key in ("table-10", "staircase"):
        assert STUDIES[key].rows[-1].configuration == best
    assert STUDIES["table-13"].row("linear").configuration == best
    assert STUDIES["staircase"].rows[0].configuration == STUDIES["baseline"].rows[0].configuration


def test_only_known_figures_of_the_report_are_given():
    for key, study in STUDIES.items():
        for row in study.rows:
            known = dict(row.report)
            known.pop("parameters", None)
            assert known == ({"training_seconds": 14823} if (key, row.name) == ("table-13", "Conv1d") else {})


def test_studies_come_in_the_order_of_the_report():
    keys = [study.key for study in load_studies() if study.tables]
    assert keys == ["baseline", *(f"table-{number:02}" for number in range(3, 14)), "best"]


def write(folder, text):
    path = folder / "study.toml"
    path.write_text('key = "mine"\ntitle = "Mine"\nquestion = "What?"\n' + text, encoding="utf-8")
    return path


def test_a_study_can_be_as_small_as_this(tmp_path):
    study = load_study(write(tmp_path, '[[rows]]\nname = "one"\n'))
    assert (study.tables, study.conclusion, study.seeds, study.label) == ((), None, None, "Mine")
    assert study.rows[0].tuning is None


def test_a_row_can_have_a_grid_of_its_own_or_none(tmp_path):
    text = (
        "[tune]\nepochs = 3\nseed = 7\ngrid.lr = [0.1, 0.2]\n"
        '[[rows]]\nname = "a"\n[[rows]]\nname = "b"\ngrid = { lr = [1.0], options.momentum = [0.5, 0.9] }\n'
        '[[rows]]\nname = "c"\ngrid = {}\n'
    )
    one, other, none = load_study(write(tmp_path, text)).rows
    assert one.tuning.changes() == [{"lr": 0.1}, {"lr": 0.2}]
    assert other.tuning.changes() == [
        {"lr": 1.0, "options": {"momentum": 0.5}},
        {"lr": 1.0, "options": {"momentum": 0.9}},
    ]
    assert (one.tuning.epochs, one.tuning.seed, none.tuning) == (3, 7, None)


def test_a_study_that_names_a_protocol_fixes_it(tmp_path):
    assert load_study(write(tmp_path, '[base]\nprotocol = "report"\n[[rows]]\nname = "a"\n')).protocol_fixed
    assert STUDIES["protocol"].protocol_fixed
    assert not STUDIES["best"].protocol_fixed


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "'rows' is missing"),
        ("rows = []", "expected one"),
        ('colour = 1\n[[rows]]\nname = "a"', "unknown key 'colour'"),
        ('[[rows]]\nname = "a"\n[[rows]]\nname = "a"', "the name 'a' is taken"),
        ('[[rows]]\nname = "a"\nchange = { lr = -1.0 }', "row 'a': lr: expected"),
        ('[[rows]]\nname = "a"\nreport = { accuracy = 0.5 }', "accuracy is none of"),
        ('[[rows]]\nname = "a"\nreport = { test_accuracy = 51.2 }', "divide per cents by 100"),
        ('[[rows]]\nname = "a"\nreport = { test_accuracy = "0.5" }', "expected a number"),
        ('conclusion = { text = "b wins", best_row = "b" }\n[[rows]]\nname = "a"', "best_row 'b' is none"),
        ('conclusion = { text = "!", figure = "beauty" }\n[[rows]]\nname = "a"', "figure should be one of"),
        ('[[rows]]\nname = "a"\ngrid = { lr = [0.1] }', r"grid needs \[tune\]"),
        ('[tune]\nepochs = 1\n[[rows]]\nname = "a"\ngrid = { lr = 0.1 }', "expected a list of values for lr"),
        ('[tune]\nepochs = 1\n[[rows]]\nname = "a"\ngrid = { speed = [1] }', "speed: no such key"),
        ('table = "3"\n[[rows]]\nname = "a"', "expected whole numbers"),
        ("[[rows", "Expected"),
    ],
)
def test_a_wrong_file_is_refused_with_its_name(tmp_path, text, words):
    with pytest.raises(StudyError, match=rf"study.toml: .*{words}"):
        load_study(write(tmp_path, text))


def test_two_studies_cannot_share_a_key(tmp_path):
    path = write(tmp_path, '[[rows]]\nname = "a"')
    (tmp_path / "twin.toml").write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(StudyError, match=r"key 'mine' is taken by study\.toml"):
        load_studies(tmp_path)


def test_the_readmes_study_is_one_and_all_keys_of_figures_are_in_it(tmp_path):
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
    section = readme.partition("## The report, reproduced")[2].partition("\n## ")[0]
    path = tmp_path / "study.toml"
    path.write_text(section.partition("```toml")[2].partition("```")[0], encoding="utf-8")
    study = load_study(path)
    assert (study.tables, study.conclusion.best_row, study.rows[0].report) == ((3,), "0.05", {"parameters": 17802})
    assert all(f"`{name}`" in section for name in FIGURES)


def test_tables_are_chosen_by_number_range_and_key():
    studies = load_studies()

    def keys(tables):
        return [study.key for study in choose_studies(studies, tables)]

    assert keys("4") == ["table-04"]
    assert keys("best, 3-5,4") == ["table-03", "table-04", "table-05", "best"]
    assert keys("15") == ["best"]
    assert keys("1-2") == ["baseline"]
    assert len(keys(None)) == len(studies)
    for wrong in ("16", "tables", "5-4", "", "3,,4"):
        with pytest.raises(StudyError, match="names no study; there are tables 1 to 15"):
            choose_studies(studies, wrong)
