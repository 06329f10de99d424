"""Component: one part of a series, as variate.decompose finds it."""

import numpy as np
import pytest
import torch

from kernels.oracles import fill_gaps
from transforms.helpers import BODIES, draw, run, same_bits, series
from transforms.promises import assert_unobserved_steps_do_not_count
from variate import Component, Compose, Panel, decompose
from variate.core.errors import ContractError
from variate.kernels.arrays import numpy_of

PARTS = ("trend", "seasonal", "remainder")


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("method", ["stl", "robust_stl", "robust_trend"])
def test_it_is_the_part_that_decompose_finds(body, dtype, method):
    """Breaks where a part goes by the name of another, or the method is not the one asked for."""
    x = series(n=3, dtype=dtype)
    close = 1e-10 if dtype == np.float64 else 1e-4
    made = {part: run(body, Component(part=part, method=method, period=7), x)[0] for part in PARTS}
    for part, wanted in zip(PARTS, decompose(x, method, 7), strict=True):
        assert made[part].dtype == dtype
        np.testing.assert_allclose(made[part], wanted, rtol=0, atol=close)
    np.testing.assert_allclose(sum(made.values()), x, rtol=0, atol=close)
    assert (method == "robust_trend") == (not made["seasonal"].any())


def test_by_default_it_is_the_remainder_of_robust_stl():
    """Breaks where a default moves: METHODS 4.7 has RobustTAD learn from that."""
    x = series(n=2)
    assert same_bits(Component(period=7)(x), Component(part="remainder", method="robust_stl", period=7)(x))
    jump = np.where(np.arange(120) < 60, 0.0, 5.0) + np.sin(np.arange(120) * np.pi / 6)
    assert np.abs(Component(period=12)(jump)).max() < 0.5
    assert np.abs(Component(period=12, method="stl")(jump)).max() > 1


@pytest.mark.parametrize("body", BODIES)
def test_each_series_has_its_own_period(monkeypatch, body):
    """Breaks where one period of a batch is taken for all, or a season is made up where none was found."""
    monkeypatch.setattr("variate.kernels.decomposition.estimate_period", lambda x: numpy_of(x)[:, 0, 0].astype(np.int64))
    x = series(n=4)
    x[:, 0, 0] = (6, 0, 20, 31)
    y = {part: run(body, Component(part=part), x)[0] for part in PARTS}
    for i, period in ((0, 6), (2, 20)):
        for part, wanted in zip(PARTS, decompose(x[i : i + 1], "robust_stl", period), strict=True):
            np.testing.assert_allclose(y[part][i : i + 1], wanted, rtol=0, atol=1e-10)
            assert same_bits(Component(part=part)(x[i : i + 1]), y[part][i : i + 1]) or body == "torch"
    for i in (1, 3):
        assert not y["seasonal"][i].any()
        np.testing.assert_allclose(y["trend"][i], decompose(x[i : i + 1], "robust_trend").trend[0], rtol=0, atol=1e-10)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("part", PARTS)
def test_too_short_a_series_passes_bit_for_bit(body, part):
    """Breaks where a season is told from less than two of it."""
    for length, period in ((1, "auto"), (3, "auto"), (3, 2), (23, 12)):
        x = series(length=length, dtype=np.float32)
        assert same_bits(run(body, Component(part=part, period=period), x)[0], x)
    x = series(length=24)
    assert (run(body, Component(part=part, period=12), x)[0] != x).any(axis=-1).all()
    assert run(body, Component(part=part, period=12), x[:0])[0].shape == (0, 2, 24)


@pytest.mark.parametrize("body", BODIES)
def test_labels_gaps_masks_and_the_gate(body):
    """Breaks where a NaN is not bridged by a line, or spreads, or a label, which stays, is lost."""
    x = series(n=6)
    x[:, 0, 7:20] = np.nan
    op = Component(period=6)
    expected = np.where(np.isnan(x), np.nan, run(body, op, fill_gaps(x))[0])
    panel = Panel(x, label=np.arange(6), points=np.eye(6, 60, dtype=bool))
    out = run(body, op, panel)[0]
    np.testing.assert_allclose(out.values, expected, rtol=0, atol=1e-9)
    assert same_bits(out.points, panel.points)
    assert same_bits(out.label, panel.label)
    assert_unobserved_steps_do_not_count(body, op)
    x = series(n=20)
    y, drawn = draw(body, Component(period=6, p=0.5), x)
    for i, chosen in enumerate(drawn["gate"]):
        assert same_bits(y[i], x[i]) != chosen
    assert draw(body, op, x)[1] == {}


def test_a_forecast_window_and_a_gradient_are_refused():
    """Breaks where the past is made of the target, which its trend reaches into, or a tensor is detached in silence."""
    for op in (Component(), Compose(Component(method="stl"))):
        with pytest.raises(ContractError, match=r"Component cannot be used with a forecast horizon.*made of the target too"):
            op(Panel(series(), horizon=5), seed=0)
    with pytest.raises(ValueError, match="robust_stl has no gradient"):
        Component(period=6)(torch.from_numpy(series()).requires_grad_())
