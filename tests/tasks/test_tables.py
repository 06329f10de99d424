"""Results as tables and in words: what is shown follows from the numbers, and fits."""

from __future__ import annotations

import math
import random
import re

import pytest

from tasks.made import arms, row
from variate.core.errors import ParameterError
from variate.tasks.comparisons import comparisons, grouped, over
from variate.tasks.tables import (
    ALONE,
    NOTHING,
    by_set,
    main,
    markdown,
    set_by_set,
    short,
    summary,
    table,
    tables,
    text,
)
from variate.tasks.verdicts import change, in_words, number, overview, places

# differences of vague: 0.05, 0.15, 0.25; Student's half-width is 4.3027 · 0.1 / √3 = 0.248
SURE = {"none": [0.5, 0.5, 0.5], "good": [0.69, 0.7, 0.71], "bad": [0.31, 0.3, 0.29], "vague": [0.55, 0.65, 0.75]}
HALF = 4.302652729911275 * 0.01 / math.sqrt(3)  # of the first two: 0.0248


def one_group(rows):
    (group,) = grouped(comparisons(rows))
    return group


def many(sets, scores=SURE, **more):
    return [r for k in range(sets) for r in arms(scores, data=f"ucr/S{k}", **more)]


def shown(made):
    return [[cell.text for cell in line] for line in made.rows]


def test_a_table_by_hand():
    # Breaks if the interval is not that of the differences, a mark goes to the wrong arm, or none is not first.
    made = by_set(one_group(arms(SURE)))
    assert made.title == "r (cpu), fcn: accuracy (higher is better), 3 pairs"
    assert made.heads == ["arm", "watch"]
    assert shown(made) == [
        ["none", "0.500"],
        ["bad", "0.300 −0.200 ±0.025 ✗"],
        ["good", "0.700 +0.200 ±0.025 ✓"],
        ["vague", "0.650 +0.150 ±0.248"],
    ]
    assert pytest.approx(0.0248, abs=5e-5) == HALF
    assert [line[1].verdict for line in made.rows] == ["", "hurt", "helped", "undecided"]


def test_an_error_keeps_its_sign_and_has_four_digits():
    # Breaks if what is shown is the negated score of the verdict.
    made = by_set(one_group(arms({"none": [0.37, 0.38], "aug": [0.36, 0.37]}, metric="mse", task="long_forecasting")))
    assert shown(made) == [["none", "0.3750"], ["aug", "0.3650 −0.0100 ±0.0000 ✓"]]
    assert "lower is better" in made.title


@pytest.mark.parametrize(
    ("size", "digits"), [(0.05, 5), (0.5, 4), (1.5, 3), (15.0, 2), (2000.0, 0), (1e9, 0), (1e-9, 6), (0.0, 3)]
)
def test_digits_follow_from_the_size_of_an_error(size, digits):
    assert places(comparisons(arms({"none": [size], "aug": [size]}, metric="mae"))) == digits


def test_arms_against_others_have_a_line_of_their_own():
    # Breaks if the line replaces that against none, or its base is shown as that of none.
    rows = [{**r, "against": "good"} if r["arm"] == "vague" else r for r in arms(SURE)]
    made = by_set(one_group(rows))
    assert shown(made)[-2:] == [["vague", "0.650 +0.150 ±0.248"], ["vague against good", "0.650 −0.050 ±0.224"]]
    assert shown(made)[0] == ["none", "0.500"]


def test_over_the_sets_from_three_on():
    # Breaks if two sets are called sets, or an arm that is missing on one is summed up beside the others.
    assert by_set(one_group(many(2))).heads == ["arm", "ucr/S0", "ucr/S1"]
    made = by_set(one_group([r for r in many(3) if (r["arm"], r["data"]) != ("vague", "ucr/S1")]))
    assert made.heads[-1] == "over 3 sets"
    lines = {line[0]: line for line in shown(made)}
    assert lines["good"][-1] == "0.700 +0.200 ±0.000 ✓"
    assert lines["vague"][2] == lines["vague"][-1] == ""
    assert lines["none"][-1] == "0.500"


def test_many_sets_are_summed_up():
    # Breaks if a table of fifteen sets by many arms is printed, or the counts are of pairs and not of sets.
    group = one_group(many(15))
    (made,) = tables(group)
    assert made == summary(group)
    lines = {line[0]: line[1:] for line in shown(made)}
    assert lines["good"] == ["15", "0.500", "0.700", "+0.200 ±0.000 ✓", "15, 0, 0", "15, 0, 0", "< 0.001"]
    assert lines["vague"][4:6] == ["0, 15, 0", "15, 0, 0"]
    assert lines["bad"][4:6] == ["0, 0, 15", "0, 0, 15"]


def test_a_summary_of_errors_has_the_relative_improvement():
    rows = many(9, {"none": [1.25], "aug": [1.0]}, metric="mase", task="forecasting")
    made = summary(one_group(rows))
    assert made.heads[4:6] == ["difference", "relative improvement"]
    assert shown(made)[0][made.heads.index("relative improvement")] == "+25.0 %"


def test_tests_have_columns_or_lines():
    # Breaks if scores of clean and disturbed series are mixed.
    rows = arms(SURE, test="clean") + arms({**SURE, "good": [0.4, 0.4, 0.4]}, test="spike")
    assert by_set(one_group(rows)).heads == ["arm", "watch, clean", "watch, spike"]
    wide = [
        r for test in ("clean", "spike") for r in many(9, {"none": [0.5], "aug": [0.6 if test == "clean" else 0.4]}, test=test)
    ]
    made = summary(one_group(wide))
    assert [line[:2] + line[5:6] for line in shown(made)] == [
        ["aug", "clean", "+0.100 ±0.000 ✓"],
        ["aug", "spike", "−0.100 ±0.000 ✗"],
    ]
    (turned,) = set_by_set(one_group(wide))
    assert turned.heads == ["set", "clean", "spike"]
    assert shown(turned)[0] == ["ucr/S0", "0.600 +0.100 (1 pair)", "0.400 −0.100 (1 pair)"]
    assert len(shown(turned)) == 9


def test_set_by_set_has_a_table_for_each_test_where_there_are_many_arms():
    rows = [r for test in ("clean", "spike") for r in many(9, test=test)]
    clean, spike = set_by_set(one_group(rows))
    assert clean.title.endswith(", clean")
    assert spike.title.endswith(", spike")
    assert len(clean.heads) == len(spike.heads) == 1 + 9 + 1


@pytest.mark.parametrize("sets", [1, 4, 8, 15])
def test_text_fits_and_loses_nothing(sets):
    # Breaks if a terminal of 160 columns wraps the lines, or a column is dropped with what does not fit.
    scores = {"none": [0.5, 0.6], **{f"an_arm_with_a_long_name_{k}": [0.6, 0.71] for k in range(12)}}
    said = table(many(sets, scores))
    assert max(map(len, said.splitlines())) <= 160
    if sets <= 8:
        assert all(f"ucr/S{k}" in said for k in range(sets))
        assert said.count("an_arm_with_a_long_name_3") == said.count("\narm ")


def test_text_is_aligned():
    lines = text(by_set(one_group(many(3)))).splitlines()
    start = lines[1].index("ucr/S1")
    assert {line[start - 2 : start] for line in [lines[1], *lines[3:]]} == {"  "}


def test_markdown_is_a_table():
    # Breaks if a line has another number of cells than the head.
    made = markdown(by_set(one_group(arms(SURE))))
    assert made.splitlines()[2:5] == ["| arm | watch |", "|---|---|", "| `none` | 0.500 |"]
    lines = [line for line in table(many(4), "markdown").splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in lines}) == 1
    assert markdown(by_set(one_group(arms(SURE)))._replace(title="")).startswith("| arm")


def test_one_pair_says_so_and_nothing_is_nan():
    rows = [*arms({"none": [0.5], "aug": [0.7]}), *many(9, {"none": [0.5], "aug": [0.5]}, metric="mse")]
    for form in ("text", "markdown"):
        said = table(rows, form)
        assert "+0.200 (1 pair)" in said
        assert not re.search(r"\bnan\b", said)
    assert in_words(comparisons(rows)[:1], None, 3) == "undecided: accuracy rose by 0.200, 1 pair"


def test_no_rows_give_a_sentence():
    # Breaks if an empty file gives an empty answer, or one without pairs is called empty.
    assert table([]) == NOTHING
    assert table([{"recipe": "imbalance", "value": 1}], "markdown") == NOTHING
    assert table(arms({"none": [0.5]})) == ALONE
    assert table([row("none", 0, 0.5), row("aug", 1, 0.5)]) == ALONE


def test_an_unknown_form_is_refused():
    with pytest.raises(ParameterError, match=r"form is 'markdwn'; it must be one of text, markdown.*did you mean 'markdown'"):
        table([], "markdwn")


def test_the_order_of_lines_changes_nothing():
    # Breaks if two numbers of workers give two tables.
    rows = many(5) + many(9, test="spike")
    shuffled = random.Random(2).sample(rows, len(rows))
    assert table(rows) == table(shuffled)
    assert table(rows, "markdown") == table(shuffled, "markdown")


def test_numbers():
    # Breaks if a hyphen stands for a minus, or what is 0 to the digits shown has a sign.
    assert number(-0.0126, 3) == "−0.013"
    assert number(-0.0001, 3, sign=True) == number(0.0001, 3, sign=True) == "0.000"
    assert number(0.25, 2, sign=True) == "+0.25"
    assert change(comparisons(arms({"none": [0.5, 0.5], "aug": [0.5, 0.5]}))[0], 3) == "0.000 ±0.000"


def test_words_of_an_arm():
    # Breaks if counts, direction or verdict of the sentence are not those of the numbers.
    def words(sets, scores):
        group = one_group(sets if isinstance(sets, list) else many(sets, scores))
        return in_words(group.over[0].sets, group.over[0], 3)

    good, bad, vague = ({"none": SURE["none"], "aug": SURE[name]} for name in ("good", "bad", "vague"))
    assert words(1, good) == "helped: accuracy rose by 0.200 ± 0.025, 3 pairs"
    assert words(2, bad) == "hurt on both sets"
    assert words(3, vague).startswith("undecided on all 3 sets; over the 3 sets accuracy rose by 0.150 ± 0.000 (helped")
    mixed = [*arms(good, data="a"), *arms(good, data="b"), *arms(bad, data="c"), *arms(vague, data="d")]
    said = words(mixed, None)
    assert said.startswith("helped on 2 of 4 sets, hurt on 1, undecided on 1; over the 4 sets accuracy rose by 0.087 ± 0.307")
    assert said.endswith("(undecided, Wilcoxon p 0.625)")
    assert words(1, {"none": [0.5, 0.6], "aug": [0.5, 0.6]}) == "undecided: accuracy did not change ± 0.000, 2 pairs"
    assert "changed by less than 0.001" in words(1, {"none": [0.5, 0.6], "aug": [0.5001, 0.6001]})


def test_words_of_an_error():
    rows = many(3, {"none": [1.25, 1.5], "aug": [1.0, 1.2]}, metric="mase")
    group = one_group(rows)
    assert in_words(group.over[0].sets, group.over[0], 3) == (
        "undecided on all 3 sets; over the 3 sets MASE fell by 0.275 ± 0.000 "
        "(helped, Wilcoxon p 0.250, relative improvement +25.0 %)"
    )


def test_an_overview_counts_and_names():
    # Breaks if comparisons with other arms are counted, or helped and hurt change places.
    rows = [{**r, "against": "good"} if r["arm"] == "vague" else r for r in arms(SURE)]
    assert overview(one_group(rows)) == (
        "Accuracy on watch, 3 pairs each: of 3 comparisons with training without augmentation 1 helped: "
        "`good` (+0.200 ±0.025); 1 hurt: `bad` (−0.200 ±0.025); 1 is undecided."
    )
    said = overview(one_group(many(8)))
    assert said.startswith(
        "Accuracy on 8 sets, 3 pairs each: of 24 comparisons with training without augmentation 8 helped, 8 hurt and 8"
    )
    assert "about 1 of them would be decided by chance. Over the sets 2 of 3 helped: `good` (+0.200 ±0.000), `vague`" in said
    assert "by chance" not in overview(one_group(many(15, {name: scores[:1] for name, scores in SURE.items()})))
    lone = overview(one_group(many(3, {"none": [0.5, 0.5], "aug": [0.5, 0.7]})))
    assert lone.endswith("Over the sets accuracy rose by 0.100 ± 0.000 (helped, Wilcoxon p 0.250).")


def test_an_overview_names_a_few_only():
    scores = {"none": [0.5, 0.5], **{f"arm{k}": [0.6 + k / 100, 0.6001 + k / 100] for k in range(9)}}
    said = overview(one_group(arms(scores)))
    assert "9 helped: `arm8`" in said
    assert "`arm3`" in said
    assert "`arm2`" not in said
    assert "and 3 more; none hurt; none are undecided" in said


def test_in_short_there_is_a_line_a_recipe_with_both_ends():
    # Breaks if the best of an error is its highest, other metrics are counted, or the loss is left out.
    rows = arms(SURE) + arms(SURE, metric="macro_f1")
    rows += arms({"none": [1.0, 1.0], "low": [0.5, 0.5], "high": [2.0, 2.0]}, recipe="s", task="forecasting", metric="mase")
    found = comparisons([{**r, "against": "good"} if r["arm"] == "vague" else r for r in rows])
    assert len(main(found)) == 5
    assert shown(short(found)) == [
        ["r (cpu)", "accuracy of fcn on watch, 3 pairs", "3", "1, 1, 1", "`good` +0.200 ±0.025 ✓", "`bad` −0.200 ±0.025 ✗"],
        ["s (cpu)", "MASE of fcn on watch, 2 pairs", "2", "1, 0, 1", "`low` −0.500 ±0.000 ✓", "`high` +1.000 ±0.000 ✗"],
    ]


def test_in_short_ends_are_over_the_sets_where_there_are_three():
    rows = many(3, {"none": [0.5, 0.5], "aug": [0.6, 0.6]}) + arms({"none": [0.5, 0.5], "aug": [0.3, 0.3]}, data="ucr/T")
    (line,) = shown(short(comparisons(rows)))
    assert line[1] == "accuracy of fcn on 4 sets, 2 pairs"
    assert line[3:5] == ["3, 0, 1", "`aug` +0.025 ±0.239"]
    assert over(comparisons(rows))[0].difference == pytest.approx(0.025)
