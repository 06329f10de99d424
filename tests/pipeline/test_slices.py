"""Slices: exact parts that cover the series, with everything that belongs to them."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kernels.oracles import BODIES, as_body, as_numpy, few
from transforms.helpers import same_bits
from variate import Panel
from variate.core.errors import ContractError, PanelError, ParameterError
from variate.pipeline.slices import slices

X = np.random.default_rng(0).normal(size=(5, 2, 23))


def starts_of(length, size, stride):
    """The law, literally: every stride-th start, and the one that ends the series."""
    return sorted({*range(0, length - size + 1, stride), length - size})


def by_hand(x, size, stride=1):
    return np.stack([row[..., a : a + size] for row in x for a in starts_of(row.shape[-1], size, stride)])


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("stride", [1, 2, 5, 7, 100])
@pytest.mark.parametrize("size", [1, 2, 9, 22, 23])
def test_slices_are_exact_parts_in_order_and_cover_the_tail(body, dtype, stride, size):
    """Breaks where a start is missed or made twice, a reading changes a bit, or a NaN is lost."""
    x = X.astype(dtype)
    x[1, 0, 3:8] = np.nan
    got = as_numpy(slices(as_body(body, x), size, stride))
    assert same_bits(got, by_hand(x, size, stride))


@few
@given(st.integers(1, 4), st.integers(1, 3), st.integers(1, 40), st.integers(1, 40), st.integers(1, 45))
def test_slices_of_any_shape(n, channels, length, size, stride):
    x = np.random.default_rng(length).normal(size=(n, channels, length))
    got = slices(x, min(size, length), stride)
    assert same_bits(got, by_hand(x, min(size, length), stride))


@pytest.mark.parametrize(("share", "steps"), [(1.0, 23), (0.5, 12), (0.01, 1), (22 / 23, 22)])
def test_a_share_is_rounded_up(share, steps):
    assert slices(X, share).shape[-1] == steps
    assert same_bits(slices(X, share), by_hand(X, steps))
    assert slices(np.ones(100), 0.07).shape[-1] == 7  # 0.07 · 100 is more than 7 by a rounding


@pytest.mark.parametrize("body", BODIES)
def test_slices_come_back_in_kind(body):
    x = as_body(body, X[:, 0])
    assert same_bits(as_numpy(slices(x, 9, 4)), by_hand(X[:, 0], 9, 4))
    assert same_bits(as_numpy(slices(x[2], 9, 4)), by_hand(X[2:3, 0], 9, 4))
    assert isinstance(slices(x, 9), type(x))
    assert slices(X[0, 0].tolist(), 9).shape == (15, 9)
    assert slices(np.arange(6, dtype=np.int16), 4).dtype == np.float32
    flat, deep = as_body(body, X[0, 0]), as_body(body, X[:1, 0, :8])
    got = slices((flat, deep, flat[:12]), 9, 7)
    assert isinstance(got, tuple)
    assert [tuple(s.shape) for s in got] == [(9,)] * 3 + [(1, 9)] + [(9,)] * 2
    assert isinstance(got[0], type(x))
    assert slices([], 9) == []


def test_a_list_keeps_the_order_and_dtype_of_its_series():
    x = [X[0], X[1, :, :12].astype(np.float32), X[2], X[3, :, :15]]
    got = slices(x, 10, 4)
    expected = [row[:, a : a + 10] for row in x for a in starts_of(row.shape[1], 10, 4)]
    assert len(got) == len(expected)
    assert all(same_bits(a, b) for a, b in zip(got, expected, strict=True))
    halves = slices(x, 0.5, 100)
    assert [s.shape[1] for s in halves] == [12, 12, 6, 6, 12, 12, 8, 8]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("stride", [1, 3])
def test_everything_in_a_panel_follows_its_slice(body, stride):
    rng = np.random.default_rng(1)
    time = {"points": rng.integers(0, 3, (5, 23)), "mask": rng.random((5, 23)) < 0.7, "covariates": rng.normal(size=(5, 3, 23))}
    rows = {"label": np.arange(5), "weight": rng.random(5)}
    moved = {k: as_body(body, v) for k, v in {"values": X, **time, **rows}.items()}
    extra = {"place": rng.normal(size=(5, 2))}
    panel = Panel(**moved, horizon=4, point_role="state", ids=list("abcde"), extra=extra)
    out = slices(panel, 9, stride)
    starts = starts_of(23, 9, stride)
    assert (out.horizon, out.point_role) == (4, "state")
    assert out.ids.tolist() == list(range(5 * len(starts)))
    assert out.extra["source"].tolist() == np.repeat(np.arange(5), len(starts)).tolist()
    assert out.extra["start"].tolist() == starts * 5
    for name, array in {"values": X, **time}.items():
        assert isinstance(getattr(out, name), type(moved[name])), name
        assert same_bits(np.ascontiguousarray(as_numpy(getattr(out, name))), by_hand(array, 9, stride)), name
    for name, array in rows.items():
        assert same_bits(as_numpy(getattr(out, name)), array.repeat(len(starts))), name
    assert same_bits(out.extra["place"], extra["place"].repeat(len(starts), axis=0))


def test_nothing_shares_memory_with_the_input():
    panel = Panel(X, label=np.arange(5), points=X[:, 0], covariates=X, weight=X[:, 0, 0], extra={"e": X[:, 1]})
    for size in (23, 5, 30):
        for form in (panel, panel.unstacked()):
            out = slices(form, size)
            for name, array in [*out.present(), *out.extra.items()]:
                assert not np.shares_memory(array, X), name
            assert not np.shares_memory(out.label, panel.label)
    assert not any(np.shares_memory(s, X) for s in slices(list(X), 23))
    x = torch.from_numpy(X)
    assert slices(x, 23).data_ptr() != x.data_ptr()


def test_a_ragged_panel_comes_back_dense_where_its_slices_are_alike():
    x = [X[0], X[1, :, :12], X[2, :, :6]]
    panel = Panel(x, label=[4, 5, 6], points=[v[0] for v in x], mask=[v[0] > 0 for v in x])
    out = slices(panel, 10, 5)
    assert out.values.shape == (7, 2, 10)
    assert out.label.tolist() == [4] * 4 + [5] * 2 + [6]
    assert out.extra["start"].tolist() == [0, 5, 10, 13, 0, 2, 0]
    assert same_bits(np.ascontiguousarray(out.points[:6]), by_hand([v[0] for v in x[:2]], 10, 5))
    shares = slices(panel, 0.5, 100)
    assert [v.shape[1] for v in shares.values] == [12, 12, 6, 6, 3, 3]
    assert all(same_bits(p, np.ascontiguousarray(v[0])) for p, v in zip(shares.points, shares.values, strict=True))
    narrow = Panel([X[0], X[1].astype(np.float32)])
    assert [v.dtype.name for v in slices(narrow, 23).values] == ["float64", "float32"]


@pytest.mark.parametrize(
    ("body", "dtype"),
    [*((body, dtype) for body in BODIES for dtype in (np.float16, np.float32, np.float64)), ("numba", ">f4")],
)
@pytest.mark.parametrize(("length", "size"), [(1, 2), (1, 9), (2, 3), (5, 9), (6, 23), (22, 23), (3, 99)])
def test_a_short_series_is_stretched_from_end_to_end(body, dtype, length, size):
    """Breaks where an end is missed by a rounding, or half precision counts its steps in half precision."""
    x = X[..., :length].astype(dtype)
    got = as_numpy(slices(as_body(body, x), size, 3))
    assert got.shape == (5, 2, size)
    assert got.dtype == x.dtype
    expected = [[np.interp(np.linspace(0, length - 1, size), np.arange(length), c) for c in row.astype(float)] for row in x]
    np.testing.assert_allclose(got, expected, rtol=0, atol={2: 2e-3, 4: 1e-6, 8: 1e-12}[x.dtype.itemsize])
    np.testing.assert_array_equal(got[..., [0, -1]], x[..., [0, -1]])
    if (size - 1) % max(length - 1, 1) == 0 and length > 1:
        np.testing.assert_array_equal(got[..., :: (size - 1) // (length - 1)], x)


@pytest.mark.parametrize("body", BODIES)
def test_in_a_short_forecast_window_the_target_stays_and_the_past_is_stretched(body):
    ramp = np.tile(np.arange(8.0), (3, 1, 1))
    events = np.zeros((3, 8), bool)
    events[0, 4], events[1, 5] = True, True
    out = slices(Panel(as_body(body, ramp), points=as_body(body, events), horizon=3), 12)
    values, points = as_numpy(out.values), as_numpy(out.points)
    assert out.horizon == 3
    np.testing.assert_allclose(values[0, 0], [*np.linspace(0, 4, 9), 5, 6, 7], rtol=0, atol=1e-12)
    np.testing.assert_array_equal(values[:, 0, 8:], [[4, 5, 6, 7]] * 3)
    assert not points[0, 9:].any()
    assert points[0, 8]
    assert points[1].tolist() == [False] * 9 + [True, False, False]
    assert not points[2].any()


@pytest.mark.parametrize("body", BODIES)
def test_stretching_keeps_gaps_and_half_precision_labels(body):
    x = np.arange(6, dtype=np.float32)[None, None].repeat(2, 0)
    x[0, 0, 2] = np.nan
    out = slices(Panel(as_body(body, x), points=as_body(body, np.eye(2, 6, dtype=np.float16))), 11)
    missing = np.isnan(as_numpy(out.values))
    assert missing[0, 0].tolist() == [i in (3, 4) for i in range(11)]
    assert not missing[1].any()
    assert as_numpy(out.points).dtype == np.float16
    assert as_numpy(out.points)[:, :4].tolist() == [[1, 0, 0, 0], [0, 1, 1, 0]]


def test_bfloat16_is_stretched_in_single_precision():
    x = torch.linspace(0, 1, 7).reshape(1, 1, 7)
    got = slices(x.bfloat16(), 600)
    assert got.dtype == torch.bfloat16
    assert torch.equal(got, slices(x.bfloat16().float(), 600).bfloat16())


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("size", [4, 0.5, 23, 30])
def test_no_series_make_no_slices(body, size):
    steps = size if isinstance(size, int) else 12
    out = slices(as_body(body, X[:0]), size)
    assert tuple(out.shape) == (0, 2, steps)
    assert tuple(slices(as_body(body, X[:0, 0]), size).shape) == (0, steps)
    empty = slices(Panel([]), size)
    assert (len(empty), len(empty.extra["source"]), len(empty.extra["start"])) == (0, 0, 0)
    full = Panel(as_body(body, X[:0]), label=np.zeros(0, int), points=np.zeros((0, 23)), horizon=2)
    assert tuple(slices(full, size).points.shape) == (0, steps)


def test_gradients_flow_through_slices():
    x = torch.from_numpy(X).requires_grad_()
    slices(x, 21).sum().backward()
    covered = np.zeros(23)
    for start in range(3):
        covered[start : start + 21] += 1
    np.testing.assert_array_equal(x.grad.numpy(), np.broadcast_to(covered, X.shape))


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: slices(X, 0), ParameterError, r"slices\(size=0\): size must be a share in \(0, 1\] or a number of steps"),
        (lambda: slices(X, 1.5), ParameterError, r"slices\(size=1.5\)"),
        (lambda: slices(X, None), ParameterError, r"slices\(size=None\)"),
        (lambda: slices(X, 5, 0), ParameterError, r"slices\(stride=0\): stride must be at least 1"),
        (lambda: slices(X, 5, 1.5), ParameterError, "stride must be an integer"),
        (lambda: slices(Panel(X, horizon=6), 6), ContractError, "keeps 6 steps, and the horizon alone has 6; keep more"),
        (lambda: slices(Panel(X, horizon=6), 0.1), ContractError, r"slices\(size=0.1\) keeps 3 steps"),
        (lambda: slices(np.empty((2, 1, 0)), 3), PanelError, "series without a step"),
        (lambda: slices([np.ones(3), np.ones(0)], 3), PanelError, "series without a step"),
        (lambda: slices(X[None], 3), PanelError, "x has shape"),
    ],
)
def test_slices_that_are_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()
