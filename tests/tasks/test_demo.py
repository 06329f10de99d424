import contextlib
import html
import io
import json
import re

import numpy as np
import pytest
from rich.console import Console

import variate
from variate.core.errors import DataFileError, ParameterError
from variate.tasks import demo, watch
from variate.tasks.fcn import FCNTraining, split

TINY = FCNTraining(steps=3, batch=16, width=4)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    (folder / "mine.txt").write_text("keep")
    (folder / "report.html").write_text("old")
    said = io.StringIO()
    study = demo.run(folder, seeds=2, console=Console(file=said, width=100), training=TINY)
    return folder, study, said.getvalue()


def test_writes_its_files_and_leaves_others(made):
    # Breaks if the folder is cleared, or a temporary file stays behind.
    folder, _, _ = made
    assert sorted(p.name for p in folder.iterdir()) == sorted([*demo.FILES, "mine.txt"])
    assert (folder / "mine.txt").read_text() == "keep"
    assert (folder / "report.html").read_text() != "old"


def test_results_hold_both_arms_of_each_seed(made):
    # Breaks if an arm is dropped, the arms start apart, or a mean is not that of the rows.
    folder, _, _ = made
    stored = json.loads((folder / "results.json").read_text())
    rows = stored["rows"]
    assert [(r["seed"], r["arm"]) for r in rows] == [(s, a) for s in (0, 1) for a in ("without", "with")]
    for without, with_ in zip(rows[::2], rows[1::2], strict=True):
        assert without["start"] == with_["start"]
        assert without["steps"] == with_["steps"] == TINY.steps
        assert without["train_person"] == with_["train_person"]
        assert without["train_windows"] + without["test_windows"] == 690
    mean = np.mean([b["accuracy"] - a["accuracy"] for a, b in zip(rows[::2], rows[1::2], strict=True)])
    assert stored["accuracy"]["difference"] == pytest.approx(mean)
    assert stored["verdict"] in ("helped", "hurt", "undecided")


def test_augmented_is_what_the_first_seed_saw(made):
    # Breaks if the archive comes from other ids, another seed or another policy than the training, or holds test people.
    folder, study, _ = made
    stored = np.load(folder / "augmented.npz", allow_pickle=False)
    panel, names = watch.load()
    train, _ = split(panel, "subject", [study.rows[0].person])
    assert set(stored["subject"]) == {study.rows[0].person}
    assert stored["names"].tolist() == names
    aug = variate.load(folder / "policy.yaml")
    for k in range(demo.COPIES + 1):
        expected = aug(train, seed=0, epoch=k).values if k else train.values
        np.testing.assert_array_equal(stored["values"][stored["copy"] == k], expected)
        assert (stored["label"][stored["copy"] == k] == train.label).all()


def test_report_is_whole_and_needs_no_network(made):
    # Breaks if a picture or a row is missing, a placeholder is left, or anything points outside the page.
    folder, study, _ = made
    page = (folder / "report.html").read_text()
    assert page.count("data:image/png;base64,") == len(study.policy.steps) + 2
    assert page.count("<img alt=") == page.count("<img ")
    assert not re.search(r"https?:|<script|<link|@import|url\(|//cdn|src=\"(?!data:)", page)
    assert not re.search(r"\$[a-z_]+|\bnan\b", page)
    for row in study.rows:
        cells = [f"person {row.person}", str(row.train_windows), str(row.test_windows), f"{row.without.accuracy:.3f}"]
        assert "".join(f"<td>{cell}</td>" for cell in [str(row.seed), *cells]) in page
    assert html.escape(study.accuracy.sentence()) in page


def test_the_reports_python_gives_the_first_row(made):
    # Breaks if the page shows code that does not run, or that gives other numbers than its table.
    folder, study, _ = made
    code = re.search(r'<code id="again">(.*?)</code>', (folder / "report.html").read_text(), re.S).group(1)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(html.unescape(code), {})
    assert [float(x) for x in printed.getvalue().split()] == [study.rows[0].without.accuracy, study.rows[0].with_.accuracy]


def test_prints_plain_lines_where_there_is_no_terminal(made):
    # Breaks if control characters or a redrawn bar reach a log, or the losses are left out.
    _, study, said = made
    assert "\x1b" not in said
    assert "\r" not in said
    assert sum(line.startswith("seed ") for line in said.splitlines()) == 2
    assert study.accuracy.sentence() in said
    assert f"losses {study.accuracy.losses}" in said
    assert len(said.splitlines()) < 25


def test_one_seed_on_a_terminal(tmp_path):
    # Breaks if a single pair's missing spread becomes NaN in the JSON or the page, or the bar fails.
    said = io.StringIO()
    demo.run(tmp_path / "a" / "b", seeds=1, console=Console(file=said, width=100, force_terminal=True), training=TINY)
    assert json.loads((tmp_path / "a" / "b" / "results.json").read_text())["accuracy"]["spread"] is None
    assert "nan" not in re.sub(r"base64,[^\"]*", "", (tmp_path / "a" / "b" / "report.html").read_text())
    assert "Undecided" in said.getvalue()


def test_errors_come_before_the_work(tmp_path):
    # Breaks if minutes of training end in an error that was known at the start.
    (tmp_path / "file").write_text("")
    with pytest.raises(DataFileError, match="cannot be made a folder"):
        demo.run(tmp_path / "file")
    for seeds in (0, True, 1.5):
        with pytest.raises(ParameterError, match="seeds must be an integer"):
            demo.run(tmp_path, seeds=seeds)
