"""What rows say of arms: pairs, signs, sets, and nothing that hangs on the order of lines."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from scipy import stats

from tasks.made import arms, row
from variate.core.errors import ParameterError
from variate.tasks.comparisons import (
    HIGHER,
    LOWER,
    comparisons,
    current,
    experiments,
    facts,
    grouped,
    over,
    over_sets,
    tally,
)

PLANTED = {"none": [0.5, 0.6, 0.7], "good": [0.6, 0.71, 0.8], "bad": [0.4, 0.49, 0.6], "vague": [0.9, 0.2, 0.8]}


def test_planted_effects_are_found():
    # Breaks if an arm's verdict goes to another arm, or the sign turns.
    found = {one.name: one for one in comparisons(arms({**PLANTED, "same": PLANTED["none"]}))}
    verdicts = {name: one.verdict for name, one in found.items()}
    assert verdicts == {"good": "helped", "bad": "hurt", "vague": "undecided", "same": "undecided"}
    assert (found["same"].difference, found["same"].low, found["same"].high) == (0, 0, 0)
    assert found["same"].paired.ties == 3


def test_the_interval_is_that_of_scipy():
    # Breaks if arms are paired by another seed, or the interval is not Student's of the differences.
    one = comparisons(arms({name: PLANTED[name] for name in ("none", "vague")}))[0]
    expected = stats.ttest_rel(PLANTED["vague"], PLANTED["none"]).confidence_interval(0.95)
    assert (one.low, one.high) == pytest.approx((expected.low, expected.high))
    assert one.difference == pytest.approx(np.mean(PLANTED["vague"]) - np.mean(PLANTED["none"]))
    assert one.half == pytest.approx((expected.high - expected.low) / 2)


@pytest.mark.parametrize("metric", LOWER)
def test_an_error_that_falls_has_a_negative_difference_and_helped(metric):
    # Breaks if the negation for the verdict reaches what is shown, or a metric is left out of those where lower is better.
    fallen = comparisons(arms({"none": [2.0, 2.1, 2.2], "aug": [1.5, 1.7, 1.7]}, metric=metric))[0]
    assert fallen.verdict == "helped"
    assert fallen.without == pytest.approx(2.1)
    assert fallen.with_ == pytest.approx(4.9 / 3)
    assert fallen.low < fallen.difference < fallen.high < 0
    assert fallen.paired.wins == 3
    risen = comparisons(arms({"none": [1.5, 1.7, 1.7], "aug": [2.0, 2.1, 2.2]}, metric=metric))[0]
    assert risen.verdict == "hurt"
    assert 0 < risen.low < risen.high


@pytest.mark.parametrize("metric", HIGHER)
def test_a_score_that_rises_has_a_positive_difference_and_helped(metric):
    one = comparisons(arms({"none": [0.1, 0.2, 0.3], "aug": [0.5, 0.6, 0.8]}, metric=metric))[0]
    assert one.verdict == "helped"
    assert 0 < one.low < one.difference < one.high


def test_no_difference_of_an_error_is_a_plain_zero():
    # Breaks if negating makes −0.0 of it, which prints with a sign.
    one = comparisons(arms({"none": [1.0, 2.0], "aug": [1.0, 2.0]}, metric="mse"))[0]
    assert [math.copysign(1, value) for value in (one.difference, one.low, one.high)] == [1, 1, 1]


def test_later_lines_replace_earlier_ones():
    # Breaks if both count, or the first one stays.
    rows = [*arms({"none": [0.5, 0.5], "aug": [0.1, 0.1]}), row("aug", 0, 0.7)]
    assert comparisons(rows)[0].with_ == pytest.approx(0.4)
    assert len(current(rows)) == 4


def test_what_is_no_number_is_no_score_and_replaces_one():
    # Breaks if a run that came to NaN leaves the older number standing, or makes the mean NaN.
    rows = [*arms({"none": [0.5, 0.6], "aug": [0.6, 0.7]}), row("aug", 1, math.nan)]
    (one,) = comparisons(rows)
    assert one.seeds == (0,)
    assert facts(rows).not_finite == 1


def test_lines_of_the_older_form_are_left_out():
    # Breaks if files without cells are read as experiments, or end in an error for keys they do not have.
    assert comparisons([{"recipe": "bagging", "series": "H1", "arm": "mean", "value": 1.0}]) == []
    assert over_sets([]) == []
    assert list(experiments([{"recipe": "imbalance"}])) == []


def test_seeds_without_a_partner_are_dropped():
    # Breaks if arms are averaged before they are paired.
    scores = {"none": {0: 0.5, 1: 0.6, 4: 0.9}, "aug": {1: 0.7, 2: 0.1, 4: 0.8}}
    rows = [row(arm, seed, value) for arm, values in scores.items() for seed, value in values.items()]
    (one,) = comparisons(rows)
    assert one.seeds == (1, 4)
    assert one.difference == pytest.approx(0)
    assert comparisons([row("none", 0, 0.5), row("aug", 1, 0.5), row("lone", 3, 0.1)]) == []


@pytest.mark.parametrize("what", ["training", "parameters"])
def test_runs_that_were_trained_otherwise_are_no_pair(what):
    # Breaks if what an older form of the recipe left behind is compared with what the new one made.
    rows = [*arms({"none": [0.5, 0.6], "aug": [0.6, 0.7]}), row("aug", 0, 0.9, **{what: {"steps": 999}})]
    assert [one.seeds for one in comparisons(rows)] == [(1,)]


def test_sets_models_tests_metrics_recipes_and_profiles_stay_apart():
    # Breaks if one of them is left out of what tells comparisons apart.
    base = arms({"none": [0.5, 0.6], "aug": [0.6, 0.8]})
    changes = {"data": "ucr/A", "model": "mini", "test": "spike", "metric": "macro_f1", "recipe": "s", "profile": "full"}
    rows = [*base]
    for name, value in changes.items():
        rows += arms({"none": [0.5, 0.6], "aug": [0.1, 0.2]}, **{name: value})
    found = comparisons(rows)
    assert len(found) == 1 + len(changes)
    assert sum(one.with_ == pytest.approx(0.7) for one in found) == 1


def test_the_order_of_lines_changes_nothing():
    # Breaks if two numbers of workers give two tables.
    rows = [r for data in ("ucr/B", "ucr/A", "ucr/C") for r in arms(PLANTED, data=data)]
    shuffled = random.Random(1).sample(rows, len(rows))
    assert comparisons(shuffled) == comparisons(rows)
    assert over_sets(shuffled) == over_sets(rows)
    assert [(group.found, group.over) for group in grouped(comparisons(shuffled)[::-1])] == [
        (group.found, group.over) for group in grouped(comparisons(rows))
    ]


def test_names_are_sorted_as_people_do():
    # Breaks if horizons are sorted as text, profiles by the alphabet, or clean comes after outliers.
    rows = [r for data in ("etth1/192", "etth1/96", "etth1/1000") for r in arms({"none": [1.0], "aug": [2.0]}, data=data)]
    assert [one.data for one in comparisons(rows)] == ["etth1/96", "etth1/192", "etth1/1000"]
    tests = ("step", "clean, voted", "clean", "a kind")
    rows = [r for test in tests for r in arms({"none": [1.0], "aug": [2.0]}, test=test)]
    assert [one.test for one in comparisons(rows)] == ["clean", "clean, voted", "a kind", "step"]
    rows = [r for profile in ("cpu", "quick", "full") for r in arms({"none": [1.0], "aug": [2.0]}, profile=profile)]
    assert [one.profile for one in comparisons(rows)] == ["full", "cpu", "quick"]
    assert [(recipe, profile, len(own)) for recipe, profile, own in experiments(rows)] == [
        ("r", "full", 2),
        ("r", "cpu", 2),
        ("r", "quick", 2),
    ]


def test_an_arm_is_also_compared_with_the_one_it_names():
    # Breaks if that comparison replaces the one with none, or is made for other arms.
    rows = arms({"none": [0.1, 0.2], "split": [0.5, 0.7]}) + arms({"both": [0.6, 0.9]})
    rows = [{**r, "against": "split"} if r["arm"] == "both" else r for r in rows]
    found = {one.name: one for one in comparisons(rows)}
    assert list(found) == ["both", "both against split", "split"]
    assert found["both against split"].difference == pytest.approx(0.15)
    assert found["both"].difference == pytest.approx(0.6)


def test_any_arm_can_be_the_base():
    # Breaks if the base is fixed, or is compared with itself.
    found = {(one.arm, one.against): one.difference for one in comparisons(arms(PLANTED), against="good")}
    assert set(found) == {("none", "good"), ("bad", "good"), ("vague", "good")}
    assert found["none", "good"] == pytest.approx(0.6 - 2.11 / 3)


def test_over_sets_every_set_counts_once():
    # Breaks if pairs of all sets are thrown together: then the set of four seeds would count for more.
    rows = [
        *arms({"none": [0.5] * 4, "aug": [0.7] * 4}, data="a"),
        *arms({"none": [0.5], "aug": [0.4]}, data="b"),
        *arms({"none": [0.5, 0.5], "aug": [0.45, 0.55]}, data="c"),
    ]
    (total,) = over_sets(rows)
    assert [one.data for one in total.sets] == ["a", "b", "c"]
    assert total.difference == pytest.approx((0.2 - 0.1 + 0.0) / 3)
    assert (total.paired.wins, total.paired.ties, total.paired.losses) == (1, 1, 1)
    expected = stats.ttest_1samp([0.2, -0.1, 0.0], 0).confidence_interval(0.95)
    assert (total.low, total.high) == pytest.approx((expected.low, expected.high))


def test_means_of_the_same_scores_in_another_order_tie():
    # Breaks if the last bit of a sum makes a win: 0.1 + 0.2 + 0.3 is not 0.3 + 0.2 + 0.1.
    scores = [0.1, 0.2, 0.3]
    assert np.mean(scores) != np.mean(scores[::-1])
    rows = [r for data in "abc" for r in arms({"none": scores, "aug": scores[::-1]}, data=data)]
    assert over_sets(rows)[0].paired.ties == 3


def test_relative_improvement():
    # Breaks if it is 1 − with / without, which cannot reach the survey's 115 %, or is taken of the means over the sets.
    rows = arms({"none": [2.15], "aug": [1.0]}, data="a", metric="mase")
    rows += arms({"none": [2.0], "aug": [2.5]}, data="b", metric="mase")
    assert [one.relative for one in comparisons(rows)] == pytest.approx([1.15, -0.2])
    assert over_sets(rows)[0].relative == pytest.approx((1.15 - 0.2) / 2)


def test_what_has_no_relative_improvement():
    # Breaks if a share gets one, or a perfect forecast divides by 0.
    assert comparisons(arms({"none": [0.5], "aug": [0.6]}))[0].relative is None
    rows = arms({"none": [1.0], "aug": [0.0]}, data="a", metric="mse")
    rows += arms({"none": [1.0], "aug": [0.5]}, data="b", metric="mse")
    assert [one.relative for one in comparisons(rows)] == [None, 1.0]
    assert over_sets(rows)[0].relative is None


def test_verdicts_are_counted():
    assert tally(comparisons(arms(PLANTED))) == (1, 1, 1)
    assert over(comparisons(arms(PLANTED)))[0].sets[0].arm == "bad"


def test_an_unknown_metric_is_refused():
    # Breaks if an error is taken for a score where nobody said what it is.
    with pytest.raises(ParameterError, match=r"'accurracy': it is not known whether lower is better.*did you mean 'accuracy'"):
        comparisons(arms({"none": [0.5], "aug": [0.6]}, metric="accurracy"))


def test_facts_count_a_training_run_once():
    # Breaks if the seconds of a run are added up for each of its metrics.
    rows = [r for metric in ("accuracy", "macro_f1") for r in arms({"none": [0.5, 0.6], "aug": [0.6, 0.7]}, metric=metric)]
    rows[0]["versions"] = {"torch": "3"}
    known = facts(rows)
    assert (known.cells, known.seeds, known.seconds, known.devices) == (4, 2, 8.0, ("cpu",))
    assert known.versions == ("numpy 2", "torch 3")
