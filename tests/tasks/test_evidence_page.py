"""The page of evidence: whole, by itself, and nothing on it that the rows do not say."""

from __future__ import annotations

import html
import math
import re

import pytest

from tasks.made import arms
from variate.core.errors import DataFileError
from variate.tasks import evidence_page
from variate.tasks.comparisons import comparisons, grouped
from variate.tasks.evidence_page import page, write
from variate.tasks.tables import ALONE, NOTHING
from variate.tasks.verdicts import overview

GOOD, BAD = {"none": [0.5, 0.6], "good": [0.6, 0.7]}, {"none": [0.5, 0.6], "bad": [0.4, 0.5]}
ABOUTS = {"watches": "Seven exercises & `none` of them <easy>.", "errors": "MSE of horizons."}


def everything():
    """Rows of three recipes: one set; a single arm with tests over sets; many arms over many sets, with looks."""
    rows = arms({**GOOD, **BAD}, recipe="watches", versions={"torch": "2.9"}) + arms(GOOD, recipe="watches", metric="macro_f1")
    for data in ("a", "b", "c"):
        rows += [r for test in ("clean", "spike") for r in arms(GOOD, recipe="outliers", data=data, test=test)]
    many = {"none": [1.0, 1.2], **{f"arm{k}": [0.9 + k / 50, 1.1 + k / 50] for k in range(8)}}
    for data in range(6):
        rows += arms(many, recipe="errors", data=f"e/{data}", task="long_forecasting", metric="mse", looks=[2.0, 1.0, 1.5])
    return rows


@pytest.fixture(scope="module")
def made():
    return page(everything(), ABOUTS)


def plain(text):
    """The page without its pictures."""
    return re.sub(r"base64,[^\"]*", "", text)


def test_the_page_needs_nothing_else(made):
    # Breaks if anything on it points outside, or a picture has no words.
    assert not re.search(r"https?:|<script|<link|@import|url\(|src=\"(?!data:)", made)
    assert made.count("<img alt=") == made.count("<img ")
    assert {target for target in re.findall(r'href="([^"]*)"', made)} == {
        f"#{i}" for i in re.findall(r'<h2 id="([^"]*)"', made)
    }


def test_nothing_is_left_over_and_nothing_is_nan(made):
    assert not re.search(r"\$\w+|\bnan\b|\bNone\b|\binf\b", plain(made))
    one = plain(page(arms({"none": [0.5], "aug": [0.6]})))
    assert "(1 pair)" in one
    assert not re.search(r"\bnan\b", one)


def test_every_recipe_has_its_section_with_a_verdict(made):
    # Breaks if a recipe is skipped, or the sentence is of other rows.
    for recipe in ("watches", "outliers", "errors"):
        assert f'<h2 id="{recipe}-cpu">{recipe} <span>profile cpu</span></h2>' in made
    for group in grouped(comparisons(everything())):
        if group.found[0].metric != "macro_f1":
            said = re.sub(r"`(.+?)`", r"<code>\1</code>", html.escape(overview(group)))
            assert f'<p class="verdict">{said}</p>' in made
    assert "helped: accuracy rose by 0.100 ± 0.000, 2 pairs" in made
    assert "<td>bad</td><td>hurt: accuracy fell by 0.100 ± 0.000, 2 pairs</td>" in made


def test_what_a_recipe_is_comes_from_its_file(made):
    # Breaks if its words become markup.
    assert "<p>Seven exercises &amp; <code>none</code> of them &lt;easy&gt;.</p>" in made


def test_names_of_the_rows_do_not_become_markup():
    made = page(arms({"none": [0.5, 0.6], "<b>": [0.6, 0.8]}, recipe="<i>", data="<u>", model="<s>"))
    assert not re.search(r"<[bius]>", made)
    assert "&lt;b&gt;" in made


def test_other_metrics_and_many_sets_are_folded_away(made):
    # Breaks if the macro-F1 is lost, or a set's numbers are nowhere.
    sections = dict(zip(("errors", "outliers", "watches"), made.split("<h2 id=")[1:], strict=True))
    assert "<summary>Other metrics</summary>" in sections["watches"]
    assert "macro-F1 (higher is better)" in sections["watches"]
    assert "<summary>Set by set: MSE</summary>" in sections["errors"]
    assert all(f"<th>e/{data}</th>" in sections["errors"] for data in range(6))


def test_pictures(made):
    # Breaks if curves are drawn where nobody looked, or not where somebody did; or the plots of tests are one.
    sections = dict(zip(("errors", "outliers", "watches"), made.split("<h2 id=")[1:], strict=True))
    assert {name: part.count("<img ") for name, part in sections.items()} == {"errors": 3, "outliers": 1, "watches": 1}
    assert "Curves of training" in sections["errors"]
    assert "The fall of MSE" in sections["errors"]
    assert "The rise of accuracy" in sections["outliers"]


def panels(rows):
    (group,) = grouped(comparisons(rows))
    return evidence_page._panels(group)


def test_one_arm_has_a_plot_for_each_test():
    # Breaks if sets are mixed up, or the line over the sets is that of another test.
    rows = [
        r
        for data in "abc"
        for r in arms(GOOD, data=data, test="clean") + arms({**GOOD, "good": [0.5, 0.5]}, data=data, test="spike")
    ]
    (shown,), folded = panels(rows)
    assert folded == []
    assert {title: list(lines) for title, lines in shown.items()} == {
        "clean": ["a", "b", "c", "over the sets"],
        "spike": ["a", "b", "c", "over the sets"],
    }
    assert [round(lines["over the sets"].difference, 6) for lines in shown.values()] == [0.1, -0.05]
    assert list(panels(arms(GOOD))[0][0]) == ["good"]


def test_several_arms_have_a_plot_for_each_set_those_that_gained_on_top():
    # Breaks if arms are sorted by the raw error, which puts the worst on top.
    rows = [
        r
        for data in "abc"
        for r in arms({"none": [1.0, 1.1], "a": [1.2, 1.3], "b": [0.8, 0.9], "c": [1.0, 1.1]}, data=data, metric="mse")
    ]
    (shown,), folded = panels(rows)
    assert folded == []
    assert {title: list(lines) for title, lines in shown.items()} == {
        t: ["b", "c", "a"] for t in ("over the sets", "a", "b", "c")
    }
    assert shown["a"]["b"].difference == pytest.approx(0.2)
    (two,), _ = panels([r for r in rows if r["data"] != "c"])
    assert list(two) == ["a", "b"]


def test_many_sets_are_drawn_over_the_sets_alone():
    scores = {**GOOD, **BAD}
    (shown,), (folded,) = panels([r for data in "abcde" for r in arms(scores, data=data)])
    assert list(shown) == ["over the sets"]
    assert list(folded) == ["a", "b", "c", "d", "e"]


def test_notes_tell_of_the_run(made):
    # Breaks if the seconds of a run count once for each metric, or the profile is not judged.
    section = made.split('<h2 id="watches-cpu">')[1]
    assert "6 training runs, 2 seeds, 12 s of computing in all on cpu." in section
    assert "What two cores" not in section
    assert "cut down from full" in section
    assert "Versions: numpy 2, torch 2.9." in section
    assert "far too short" in page(arms(GOOD, profile="quick"))
    assert "1 score without a finite number, left out" in page([*arms(GOOD), *arms({"x": [math.nan]})])


def test_no_rows_and_no_pairs_give_a_sentence():
    # Breaks if an empty page says nothing, or a recipe without a pair is left out.
    code = "<code>variate run RECIPE</code>"
    assert NOTHING.replace("`variate run RECIPE`", code) in page([])
    lone = page(arms({"none": [0.5]}))
    assert ALONE in lone
    assert '<h2 id="r-cpu">' in lone


def test_an_existing_file_is_replaced_only_by_force(tmp_path):
    # Breaks if a page is lost, or the work is done before it is refused.
    out = tmp_path / "evidence.html"
    assert write(arms(GOOD), out, abouts={"r": "Read me."}) == out
    assert "Read me." in out.read_text(encoding="utf-8")
    with pytest.raises(DataFileError, match="exists already"):
        write([], out)
    assert "Read me." in out.read_text(encoding="utf-8")
    write([], out, force=True)
    assert "Read me." not in out.read_text(encoding="utf-8")
    with pytest.raises(DataFileError, match="there is no folder"):
        write([], tmp_path / "missing" / "a.html")
