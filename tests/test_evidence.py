"""The page of evidence in docs: every recipe, published numbers with ours beside them, and no result that is typed."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
import yaml

from tasks.made import arms, row

DOCS = Path(__file__).parents[1] / "docs"
PUBLISHED = yaml.safe_load((DOCS / "published.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def evidence():
    sys.path.insert(0, str(DOCS))
    try:
        import evidence

        yield evidence
    finally:
        sys.path.remove(str(DOCS))


def watch(profile="cpu", **scores):
    return arms(scores, recipe="wearables", profile=profile, data="watch", test="clean")


def cells(text, start):
    """The cells of the line of a Markdown table that begins so."""
    line = next(line for line in text.splitlines() if line.startswith(f"| {start} |"))
    return [cell.strip() for cell in line.strip("|").split("|")]


def section(text, heading):
    return text.split(f"\n{heading}\n", 1)[1].split("\n## ", 1)[0]


def test_a_recipe_without_rows_is_said_to_have_none(evidence):
    # Breaks if a recipe is silently left out, or a result is in the code.
    page = evidence.page([])
    for name in evidence.recipes():
        assert f"No results yet; `variate run {name}` measures." in section(page, f"## {name}")
    assert "There are no results to show" in evidence.short([])
    assert not re.search(r"\d helped|[✓✗] \|", page)


def test_what_is_said_follows_from_the_rows(evidence):
    rows = watch(none=[0.5, 0.6, 0.7], jitter=[0.6, 0.71, 0.8], flip=[0.4, 0.49, 0.6])
    part = section(evidence.page(rows), "## wearables")
    assert "1 helped: `jitter` (+0.103 ±0.014); 1 hurt: `flip` (−0.103 ±0.014)" in part
    assert cells(part, "`jitter`") == ["`jitter`", "0.703 +0.103 ±0.014 ✓"]
    assert "9 training runs, 3 seeds, 18 s of computing in all on cpu." in part
    line = cells(evidence.short(rows), "`wearables (cpu)`")
    assert line[2:] == ["2", "1, 0, 1", "`jitter` +0.103 ±0.014 ✓", "`flip` −0.103 ±0.014 ✗"]
    assert "No results yet: " in evidence.short(rows)


def test_what_was_cut_follows_from_the_recipe(evidence, monkeypatch):
    # Breaks if a cut is not told, or one that is none.
    base = {"name": "wearables", "task": "classification", "data": ["watch"], "models": [{"name": "fcn", "width": 8}]}
    recipe = {**base, "arms": {"flip": {}}, "training": {"steps": 5, "rate": 0.1}, "seeds": 2}
    recipe["profiles"] = {"full": {"data": ["watch", "b"], "seeds": 9, "training": {"steps": 500}, "models": [{"name": "fcn"}]}}
    monkeypatch.setattr(evidence, "recipes", lambda: {"wearables": recipe})
    part = section(evidence.page(watch(none=[0.5], flip=[0.6])), "## wearables")
    cut = "1 set instead of 2; `fcn` (width 8) instead of `fcn`; seeds 2 instead of 9; steps 5 instead of 500."
    assert f"Cut from the profile full: {cut} 2 of 4 training runs are not there yet." in part
    recipe["profiles"] = {}
    part = section(evidence.page(watch(none=[0.5, 0.5], flip=[0.6, 0.5])), "## wearables")
    assert "The profile full is the same." in part
    assert "not there yet" not in part


def test_a_quick_trial_counts_only_where_there_is_nothing_else(evidence):
    # Breaks if a smoke run stands among the results.
    quick = watch("quick", none=[0.5, 0.6], jitter=[0.9, 1.0])
    assert "Profile quick" in evidence.page(quick)
    both = [*quick, *watch(none=[0.5, 0.6], jitter=[0.4, 0.5])]
    assert "quick" not in evidence.short(both)
    assert "Profile quick" not in evidence.page(both)


def test_ours_stand_beside_published_numbers(evidence):
    # Breaks if a column takes another metric, arm, set or test, or differences stand where means should.
    rows = watch(none=[0.5, 0.6], um2017=[0.6, 0.7])
    for data, ends in {"etth1/96": (0.37, 0.35), "etth1/192": (0.43, 0.44), "etth1/336": (0.5, 0.5)}.items():
        scores = {"none": [ends[0]] * 2, "temporal_patch_shuffle": [ends[1]] * 2}
        more = {"recipe": "etth1", "task": "long_forecasting", "model": "d_linear", "data": data}
        rows += arms(scores, metric="mse", **more) + arms({name: [9.0] for name in scores}, metric="mae", **more)
    for data, value in {"m4_hourly": 1.0, "m4_daily": 1.6}.items():
        more = {"recipe": "forecasting", "task": "forecasting", "model": "mqrnn", "data": data, "metric": "mase"}
        rows += arms({"none": [2.0], "survey_forecasting": [value]}, **more)
    page = evidence.page(rows)
    um = cells(section(page, "### Movements of people with Parkinson's disease"), "permutation, rotation, time warping")
    assert um[1:] == ["77.54 %", "0.550", "86.88 %", "0.650", "+9.34 %", "+0.100 ±0.000 ✓"]
    ett = section(page, "### DLinear on ETTh1")
    assert cells(ett, "None")[1:5] == [".373 ± .003", "0.3700", ".429 ± .016", "0.4300"]
    ours = ["0.3500 −0.0200 ±0.0000 ✓", "0.4400 +0.0100 ±0.0000 ✗", "0.5000 0.0000 ±0.0000", "none yet"]
    assert cells(ett, "TPS")[2:9:2] == ours
    assert cells(ett, "TPS")[10].startswith("0.4300 −0.0033 ±")
    assert cells(ett, "wDBA")[2] == "–"
    three = section(page, "### Forecasting: the survey's Table 3")
    assert cells(three, "m4-hourly")[1:4] == ["115 %", "+100.0 %", "56 %"]
    assert cells(three, "average")[2] == "+62.5 %"
    assert "no recipe of ours" in section(page, "### Few series: DiatomSizeReduction")


def test_published_numbers_are_complete_and_name_what_exists(evidence):
    # Breaks if a value is lost, or stands beside an arm, set, model or metric that no recipe has.
    known = evidence.recipes()
    for entry in PUBLISHED:
        assert entry["source"]
        assert all(len(line["values"]) == len(entry["columns"]) for line in entry["rows"])
        if entry["recipe"] is None:
            continue
        recipe = known[entry["recipe"]]
        for part in [entry["ours"], *entry["columns"], *entry["rows"]]:
            assert part.get("arm", "none") in {"none", *recipe["arms"]}
            assert part.get("model") in {None, *(model["name"] for model in recipe["models"])}
            if "data" in part:
                assert any(name.startswith(part["data"].rstrip("*")) for name in recipe["data"])


def test_the_surveys_means_are_those_of_its_columns():
    # Breaks if a value was copied wrongly: METHODS has the means of the columns as 24.62, 26.384 and 16.0.
    (table,) = (entry for entry in PUBLISHED if "Table 3" in entry["title"])
    *sets, mean = ([float(v.replace("−", "-").rstrip(" %")) for v in line["values"]] for line in table["rows"])
    assert [sum(column) / len(sets) for column in zip(*sets, strict=True)] == pytest.approx(mean, abs=5e-3)


def test_f1_follows_from_precision_and_recall():
    # Breaks if a value was copied wrongly; the first F1 of the survey's Table 1 differs by rounding.
    (table,) = (entry for entry in PUBLISHED if "Table 1" in entry["title"])
    for line in table["rows"]:
        precision, recall, f1, _ = map(float, line["values"])
        assert 2 * precision * recall / (precision + recall) == pytest.approx(f1, abs=1.1e-3)


def test_averages_of_etth1():
    # Breaks if a value was copied wrongly.
    (table,) = (entry for entry in PUBLISHED if entry["title"] == "DLinear on ETTh1")
    for line in table["rows"]:
        *horizons, mean = (float(value.split(" ")[0]) for value in line["values"])
        assert sum(horizons) / 4 == pytest.approx(mean, abs=1.01e-3)


def test_rows_of_an_unknown_recipe_are_shown(evidence):
    page = evidence.page([row("none", 0, 0.5, recipe="mine"), row("aug", 0, 0.6, recipe="mine")])
    assert "This recipe does not come along." in section(page, "## mine")
    assert not re.search(r"\bnan\b", page)
