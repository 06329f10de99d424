"""Corners of mixing that once went wrong: each breaks where its sentence, or what it says, is lost."""

import numpy as np
import pytest
import torch

import variate
from kernels.oracles import as_body
from transforms.helpers import series
from variate import FrequencyMix, Panel
from variate.core.errors import PanelError, VariateError
from variate.core.spec import with_state
from variate.kernels.fingerprint import fingerprints

X = series(n=6)


def test_marks_in_a_pipeline_do_not_ask_the_pool_for_points():
    aug = variate.Compose(variate.Spike(mark=True), FrequencyMix()).fit(Panel(X))
    assert aug(Panel(X), seed=0).points.any()


@pytest.mark.parametrize("scale", [1e-3, 1e-6])
def test_series_that_differ_less_than_float32_shows_are_still_others(scale):
    x = 1e6 + scale * X
    assert (FrequencyMix(ratio=1.0).fit(x)(x, seed=0) != x).any(axis=(1, 2)).all()


def test_large_readings_are_no_reason_for_a_warning():
    x = 1e300 * X
    assert (FrequencyMix(ratio=1.0).fit(x)(x, seed=0) != x).any(axis=(1, 2)).all()


@pytest.mark.parametrize(
    ("panel", "pool"),
    [
        (np.eye(4)[np.arange(6) % 3], np.eye(3)[np.arange(6) % 3]),
        (np.eye(3)[np.arange(6) % 3], np.arange(6) % 4),
        (np.eye(3)[np.arange(6) % 3], np.ones((6, 1))),
    ],
)
@pytest.mark.parametrize("across", [False, True])
def test_class_weights_of_another_number_are_refused(panel, pool, across):
    with pytest.raises(VariateError, match="class"):
        FrequencyMix(across=across).fit(Panel(X, label=pool))(Panel(X, label=panel), seed=0)


def test_a_pool_with_classes_below_zero_cannot_be_weighed():
    with pytest.raises(PanelError, match="class weights need"):
        FrequencyMix(across=True).fit(Panel(X, label=np.arange(6) % 3 - 1))(Panel(X, label=np.ones(6, int)), seed=0)


def test_two_classes_may_be_booleans():
    label = np.arange(6) % 2 == 1
    assert FrequencyMix(across=True).fit(Panel(X, label=label))(Panel(X, label=label), seed=0).label.shape == (6, 2)


@pytest.mark.parametrize("ragged", [False, True])
def test_a_pool_of_bfloat16_is_kept_as_single(ragged):
    x = torch.tensor(X).bfloat16()
    assert FrequencyMix().fit(Panel([*x]) if ragged else x).pool_values.dtype == np.float32


def test_an_infinite_reading_is_refused_by_fit():
    x = X.copy()
    x[0, 0, 0] = np.inf
    with pytest.raises(PanelError, match="must be finite"):
        FrequencyMix().fit(x)


def test_where_copies_differ_in_label_the_order_of_the_pool_does_not_matter():
    pool = Panel(X[[1, 1, 1]], label=[0, 1, 2])
    panel = Panel(np.repeat(X[:1], 20, 0), label=np.zeros(20, int))
    a, b = (FrequencyMix(across=True).fit(p)(panel, seed=0).label for p in (pool, pool.rows(np.array([2, 0, 1]))))
    np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("body", ["numba", "torch"])
def test_no_series_at_all(body):
    assert fingerprints(as_body(body, np.zeros((0, 2, 5)))).size == 0


def test_no_rows_have_class_weights_too():
    panel = Panel(X, label=np.arange(6) % 3)
    assert FrequencyMix(across=True).fit(panel)(panel.rows(slice(0, 0)), seed=0).label.shape == (0, 3)


def test_learned_arrays_that_are_put_in_are_those_used():
    op = with_state(FrequencyMix().fit(X), {"pool_values": 2 * X})
    np.testing.assert_array_equal(op.known.values, 2 * X)


def test_mixed_with_is_what_a_call_does():
    x = series(n=6, length=2)
    assert (FrequencyMix().fit(x).mixed_with(Panel(x), 0) == -1).all()  # too short to be mixed
    batch = FrequencyMix(pool="batch").fit(series(n=40, seed=1))
    assert batch.mixed_with(Panel(X), 0).max() < 6
