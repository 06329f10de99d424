"""Shift: the series some steps earlier or later."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from kernels.oracles import FALSE_ALARM, few
from transforms.helpers import BODIES, draw, ramp, run, same_bits, series
from variate import Panel, Shift
from variate.core.errors import ContractError


def moved(array, steps, fill):
    """The law of each kind of filling, for the last axis."""
    if fill == "roll":
        return np.roll(array, steps, axis=-1)
    return array[..., np.clip(np.arange(array.shape[-1]) - steps, 0, array.shape[-1] - 1)]


def drawn_steps(op, length, drawn):
    """How far each row moves: the draw counts from the largest shift to an earlier time."""
    return drawn["steps"][:, 0] - round(op.ratio * length)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("fill", ["roll", "edge"])
@pytest.mark.parametrize("ratio", [0.02, 0.1, 0.5, 1.0])
def test_readings_move_bit_for_bit(body, dtype, fill, ratio):
    """Breaks where "roll" is not np.roll, "edge" does not hold the first or last reading, or a bit changes."""
    op, x = Shift(ratio=ratio, fill=fill), series(n=30, dtype=dtype)
    y, drawn = draw(body, op, x)
    steps = drawn_steps(op, 60, drawn)
    assert steps.min() < 0 < steps.max()
    for i, k in enumerate(steps):
        assert same_bits(y[i].copy(), np.ascontiguousarray(moved(x[i], k, fill)))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("fill", ["roll", "edge"])
@pytest.mark.parametrize("role", ["event", "state"])
def test_labels_gaps_and_covariates_move_with_their_reading(body, fill, role):
    """Breaks where a held edge does not hold its labels, or a gap or an unobserved step stays behind."""
    rng = np.random.default_rng(0)
    x = series(n=20)
    x[:, :, ::9] = np.nan
    x[:10, 0, :4] = np.nan
    x[:10, 1, -4:] = np.nan
    panel = Panel(
        x,
        points=rng.integers(0, 9, (20, 60)),
        point_role=role,
        mask=rng.random((20, 60)) < 0.7,
        covariates=series(n=20, channels=1, seed=5),
    )
    op = Shift(ratio=0.4, fill=fill)
    y, drawn = draw(body, op, panel)
    for i, k in enumerate(drawn_steps(op, 60, drawn)):
        for name in ("values", "points", "mask", "covariates"):
            np.testing.assert_array_equal(getattr(y, name)[i], moved(getattr(panel, name)[i], k, fill), err_msg=name)


@pytest.mark.parametrize("fill", ["roll", "edge"])
@pytest.mark.parametrize(("length", "ratio", "most"), [(20, 0.1, 2), (7, 0.5, 4), (11, 0.25, 3), (5, 1.0, 5), (9, 0.01, 0)])
def test_all_shifts_are_equally_likely(fill, length, ratio, most):
    """Breaks where -m or m is never drawn, or 0 twice as often: χ² over 2m + 1 shifts, false-alarm rate as stated."""
    y, drawn = draw("numba", Shift(ratio=ratio, fill=fill), ramp(11_000, length))
    shifts, counts = np.unique(drawn_steps(Shift(ratio=ratio), length, drawn), return_counts=True)
    assert shifts.tolist() == list(range(-most, most + 1))
    if most:
        assert stats.chisquare(counts).pvalue > FALSE_ALARM
    expected = np.stack([moved(np.arange(length), k, fill) for k in shifts])
    np.testing.assert_array_equal(np.unique(y[:, 0], axis=0), np.unique(expected, axis=0))


@pytest.mark.parametrize("body", BODIES)
@given(length=st.integers(1, 40), ratio=st.floats(0, 1), seed=st.integers(0, 99), fill=st.sampled_from(("roll", "edge")))
@few
def test_any_length_and_ratio(body, length, ratio, seed, fill):
    """Breaks where an empty piece reads beside the series, or a shift by the whole length does."""
    op, x = Shift(ratio=ratio, fill=fill), series(n=6, length=length)
    y, drawn = draw(body, op, x, seed)
    for i, k in enumerate(drawn_steps(op, length, drawn)):
        np.testing.assert_array_equal(y[i], moved(x[i], k, fill))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("fill", ["roll", "edge"])
@pytest.mark.parametrize("length", [1, 60])
def test_no_ratio_no_change(body, fill, length):
    """Breaks where a shift of 0 steps copies otherwise than bit for bit."""
    x = series(length=length, dtype=np.float32)
    assert same_bits(run(body, Shift(ratio=0.0, fill=fill), x)[0], x)


@pytest.mark.parametrize("body", BODIES)
def test_p_leaves_some_samples_as_they_are(body):
    """Breaks where the gate changes which shift is drawn."""
    op, x = Shift(ratio=0.4, fill="edge", p=0.5), series(n=60)
    y, drawn = draw(body, op, x)
    steps = np.where(drawn["gate"], drawn_steps(op, 60, drawn), 0)
    np.testing.assert_array_equal(y, np.stack([moved(row, k, "edge") for row, k in zip(x, steps, strict=True)]))


def test_a_forecast_window_is_refused():
    """Breaks where a target may come into the past."""
    with pytest.raises(ContractError, match="it would move readings across the border of the target"):
        Shift()(Panel(series(), horizon=5), seed=0)
