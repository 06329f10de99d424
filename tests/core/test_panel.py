"""Panels: what fits together, what is refused, and in which words."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import variate
from variate.core.errors import AllMissingWarning, DrawError, PanelError
from variate.core.panel import Panel, concatenate

X = np.ones((2, 1, 5), np.float32)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Panel(X, points=np.zeros((2, 4))), r"points has shape \(2, 4\); values \(2, 1, 5\) need \(2, 5\)"),
        (lambda: Panel(X, mask=np.zeros((2, 5))), "mask has dtype float64; it must hold booleans"),
        (lambda: Panel(X, mask=np.zeros((3, 5), bool)), r"mask has shape \(3, 5\)"),
        (lambda: Panel(X, covariates=np.zeros((2, 3, 4))), r"covariates has shape \(2, 3, 4\).*need \(2, d, 5\)"),
        (lambda: Panel(X, label=[1, 2, 3]), "label has 3 entries and there are 2 series"),
        (lambda: Panel(X, label=["a", "b"]), "encode classes as integers first"),
        (lambda: Panel(X, label=[0.5, 1.0]), r"integer classes \(n,\) or float class weights"),
        (lambda: Panel(X, weight=[1.0]), "weight has shape"),
        (lambda: Panel(X, ids=[1]), "ids has shape"),
        (lambda: Panel(X, ids=[1.5, 2.5]), "ids are integers or strings"),
        (lambda: Panel(X, horizon=5), "horizon is 5; it must be at least 0 and less than the 5 steps"),
        (lambda: Panel(X, horizon="2"), "horizon is '2'"),
        (lambda: Panel(X, point_role="anomaly"), "point_role is 'anomaly'; it must be 'event'"),
        (lambda: Panel(np.ones((2, 1, 5, 1))), r"values has shape \(2, 1, 5, 1\); it must be \(n, channels, time\)"),
        (lambda: Panel(np.array(["a", "b"])), "it must hold real numbers"),
        (lambda: Panel(X + 1j), "it must hold real numbers"),
        (lambda: Panel(X > 0), "it must hold real numbers"),
        (lambda: Panel([[1.0, 2.0], [1.0]]), "for unequal lengths pass a list of arrays"),
        (lambda: Panel([np.ones((1, 4)), np.ones((2, 4))]), r"values\[1\] has 2 channels and values\[0\] has 1"),
        (lambda: Panel([np.ones(4), np.ones(3)], points=[np.ones(4), np.ones(4)]), r"points\[1\] has shape"),
        (lambda: Panel([np.ones(4), np.ones(3)], points=[np.ones(4)]), "points has 1 series and values has 2"),
        (lambda: Panel(X, points=[[1], [1, 2]]), "points cannot be read as an array"),
        (lambda: Panel(X, label=[[1], [1, 2]]), "label cannot be read as an array"),
        (lambda: Panel(torch.ones(2, 5), points=[["a"] * 5] * 2), "points has dtype <U1"),
        (lambda: Panel([np.ones(4), torch.ones(3)]), r"values\[1\] and values\[0\] are a tensor and an array"),
        (lambda: variate.Jitter()((np.ones((2, 1, 5)), np.array([0, 1]))), r"call aug\(x, y\)"),
        (lambda: variate.Jitter()("abc"), "x has the value 'abc'"),
        (lambda: Panel([np.ones(4), np.ones(3)], points=5), "points is a int; the values are a list of series"),
        (lambda: Panel(X, extra={"name": ["a"]}), r"extra\['name'\] has shape \(1,\)"),
        (lambda: Panel.from_ntc(np.ones((2, 5))), "from_ntc needs"),
    ],
)
def test_refusals(make, words):
    with pytest.raises(PanelError, match=words):
        make()


def test_call_refuses_what_it_cannot_mean():
    aug = variate.Jitter()
    with pytest.raises(PanelError, match=r"pass Panel\(x, points=y\)"):
        aug(X, np.zeros((2, 5)))
    with pytest.raises(PanelError, match="y has 3 entries and there are 2 series"):
        aug(X, [0, 1, 2])
    with pytest.raises(PanelError, match="put it into the panel"):
        aug(Panel(X), [0, 1])
    with pytest.raises(PanelError, match=r"x has dtype <U1"):
        aug(np.array(["a"]))
    with pytest.raises(DrawError, match="seed is 'a'"):
        aug(X, seed="a")
    with pytest.raises(DrawError, match="epoch is -1"):
        aug(X, epoch=-1)


def test_infinite_values_name_their_place():
    x = np.ones(
        (
            3,
            2,
            600,
        ),
        np.float32,
    )
    x[2, 1, 7] = -np.inf
    with pytest.raises(PanelError, match=r"values hold -inf \(row 2, channel 1, step 7\); .*mark it as missing with NaN"):
        variate.Flip()(x)
    x[0, 0, 0] = np.nan  # a NaN must not hide the infinity
    with pytest.raises(PanelError, match="row 2, channel 1, step 7"):
        variate.Flip()(x)
    with pytest.raises(PanelError, match="row 1, channel 0, step 1"):
        variate.Flip()([np.ones(3), np.array([1.0, np.inf])])


def test_a_channel_without_readings_warns_and_stays():
    x = np.ones((2, 2, 10), np.float32)
    x[1, 0] = np.nan
    with pytest.warns(AllMissingWarning, match="channel 0 of row 1 has no reading"):
        y = variate.Compose(variate.Jitter(), variate.TimeWarp())(x, seed=0)
    assert np.isnan(y[1, 0]).all()
    assert np.isfinite(y[1, 1]).all()


def test_layouts_are_given_back_in_kind():
    panel = Panel.from_ntc(np.zeros((4, 10, 3)), covariates=np.zeros((4, 10, 2)))
    assert panel.values.shape == (4, 3, 10)
    assert panel.covariates.shape == (4, 2, 10)
    for shape in ((10,), (4, 10), (4, 3, 10)):
        assert variate.TimeWarp()(np.zeros(shape)).shape == shape
    ragged = variate.TimeWarp()([np.zeros(7), np.zeros((1, 9))])
    assert [r.shape for r in ragged] == [(7,), (1, 9)]
    assert isinstance(variate.Flip()((np.zeros(7), np.zeros(9))), tuple)


def test_tensors_come_back_as_tensors_with_their_labels():
    x, y = torch.zeros(2, 1, 8, dtype=torch.float64), torch.tensor([1, 0])
    new, label = variate.Scaling()(x, y, seed=0)
    assert isinstance(new, torch.Tensor)
    assert new.dtype == torch.float64
    assert label.tolist() == [1, 0]
    assert isinstance(variate.Scaling()(x, np.array([1, 0]), seed=0)[1], np.ndarray)
    panel = variate.Crop()(Panel(x, label=y, points=torch.ones(2, 8, dtype=torch.bool), weight=torch.ones(2)), seed=0)
    assert all(isinstance(f, torch.Tensor) for f in (panel.values, panel.label, panel.points, panel.weight))


def test_ragged_panel_keeps_fields_together():
    values = [np.arange(6.0), np.arange(4.0), np.arange(6.0)]
    panel = Panel(values, points=[v > 4 for v in values], label=[0, 1, 2], mask=[v >= 0 for v in values])
    out = variate.TimeWarp()(panel, seed=1)
    assert [v.shape for v in out.values] == [(1, 6), (1, 4), (1, 6)]
    assert [p.shape for p in out.points] == [(6,), (4,), (6,)]
    assert out.label.tolist() == [0, 1, 2]
    with pytest.raises(PanelError, match="different lengths"):
        _ = panel.length


def test_soft_labels_and_concatenation():
    soft = Panel(X, label=np.array([[0.5, 0.5], [1.0, 0.0]]))
    both = concatenate([soft, soft])
    assert both.n == 4
    assert both.label.shape == (4, 2)
    mixed = concatenate([soft, Panel(np.ones((2, 1, 7), np.float32), label=soft.label)])
    assert mixed.ragged
    assert mixed.n == 4


def test_views_of_every_kind_give_the_same_result():
    x = np.random.default_rng(0).normal(size=(4, 2, 30)).astype(np.float32)
    expected = variate.Jitter()(x, seed=0)
    big = np.zeros((4, 2, 60), np.float32)
    big[:, :, ::2] = x
    for view in (
        np.asfortranarray(x),
        big[:, :, ::2],
        x.astype(">f4"),
        torch.tensor(x).transpose(0, 1).contiguous().transpose(0, 1),
    ):
        assert np.array_equal(np.asarray(variate.Jitter()(view, seed=0)), expected)


@pytest.mark.parametrize("dtype", [np.float16, ">f4", ">i4", bool, np.int8, np.float64])
def test_every_field_may_have_its_own_dtype(dtype):
    """Compiled code knows neither half precision nor foreign byte orders; a user should not have to know that."""
    covariates = np.ones((2, 1, 5), np.float32 if dtype is bool else dtype)
    fields = {"points": np.ones((2, 5), dtype), "covariates": covariates}
    out = variate.Compose(variate.TimeWarp(), variate.Permutation(), variate.Spike(mark=True))(Panel(X, **fields), seed=0)
    assert out.points.dtype == np.dtype(dtype).newbyteorder("=")
    assert (out.points == 1).all()
    half = Panel(torch.ones(2, 5).bfloat16(), points=torch.ones(2, 5).bfloat16(), covariates=torch.ones(2, 1, 5).half())
    out = variate.TimeWarp()(half, seed=0)
    assert (out.values.dtype, out.points.dtype, out.covariates.dtype) == (torch.bfloat16, torch.bfloat16, torch.float16)


def test_masked_readings_are_missing():
    masked = np.ma.masked_array([[0, 1, -9999, 3]], mask=[[0, 0, 1, 0]])
    assert np.isnan(variate.Scaling()(masked, seed=0)).tolist() == [[False, False, True, False]]


def test_what_comes_out_is_the_callers_own():
    """Writing to a result must not change what went in, whatever the pipeline happened to do."""
    for x in (np.zeros((2, 1, 5)), torch.zeros(2, 1, 5), torch.zeros(2, 1, 5, requires_grad=True)):
        for aug in (variate.Identity(), variate.Compose(), variate.Compose(variate.Jitter(), p=1e-9), variate.TimeWarp()):
            panel = Panel(x[..., :2], points=np.zeros((2, 2)), covariates=np.zeros((2, 1, 2)), label=np.eye(2))
            out = aug(panel, seed=0)
            for name in ("values", "points", "covariates", "label"):
                there, here = getattr(panel, name), getattr(out, name)
                same = here.data_ptr() == there.data_ptr() if isinstance(here, torch.Tensor) else np.shares_memory(here, there)
                assert not same, f"{aug!r}: {name}"


def test_a_rows_dtype_does_not_depend_on_its_neighbours():
    out = variate.Flip()([np.ones(4, np.float32), np.ones(4), np.ones(6, np.float32)])
    assert [v.dtype for v in out] == [np.float32, np.float64, np.float32]


def test_repr_is_short():
    assert repr(Panel(np.ones((50, 2, 500)), horizon=3)) == "Panel(values: (50, 2, 500) float64, horizon=3, n=50)"


def test_a_view_of_one_row_is_enough():
    """Half-precision and single rows go through the same door."""
    x = torch.ones(3, dtype=torch.bfloat16)
    assert variate.Flip()(x).tolist() == [-1.0, -1.0, -1.0]
