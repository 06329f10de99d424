"""variate.dtw: what it takes, what it gives, and what it refuses."""

import math

import numpy as np
import pytest
import torch

import variate
from variate.core.errors import PanelError, ParameterError


def by_the_book(a, b, band=1.0):
    """METHODS 1.15 for a (c, s) and b (c, t), cell by cell; a band as DESIGN's kernels have it."""
    s, t = a.shape[1], b.shape[1]
    radius = math.ceil(band * max(s, t) - 1e-9)
    total = np.full((s + 1, t + 1), np.inf)
    total[0, 0] = 0
    for i in range(s):
        for j in range(t):
            if -radius - max(s - t, 0) <= j - i <= radius + max(t - s, 0):
                total[i + 1, j + 1] = ((a[:, i] - b[:, j]) ** 2).sum() + total[i : i + 2, j : j + 2].ravel()[:3].min()
    return math.sqrt(total[s, t])


@pytest.mark.parametrize("kind", [list, np.array, torch.tensor, lambda x: np.array(x, np.float16), lambda x: np.array([x])])
def test_the_golden_number(kind):
    """Breaks where a kind of series is not taken, or comes out other than in DESIGN: DTW² = 2.0."""
    found = variate.dtw(kind([0, 1, 2, 3, 2, 1]), kind([0, 0, 1, 3, 3, 2, 0]))
    assert np.square(found) == pytest.approx(2.0, abs=1e-12)
    assert type(found) is (np.ndarray if np.ndim(found) else float)


@pytest.mark.parametrize("band", [1.0, 0.3, 0.1, 0.001])
@pytest.mark.parametrize("lengths", [(20, 20), (12, 17), (17, 12), (1, 9), (1, 1), (2, 3)])
@pytest.mark.parametrize("channels", [1, 3])
def test_it_is_the_recursion_row_by_row(band, lengths, channels):
    """Breaks where rows or channels are mixed up, the band is of the wrong length, or a root is forgotten."""
    rng = np.random.default_rng(0)
    a, b = (rng.normal(size=(4, channels, t)) for t in lengths)
    found = variate.dtw(a, b, band=band)
    assert found.shape == (4,)
    np.testing.assert_allclose(found, [by_the_book(u, v, band) for u, v in zip(a, b, strict=True)], rtol=1e-12)
    np.testing.assert_array_equal(variate.dtw(b, a, band=band), found)
    assert (variate.dtw(a, a, band=band) == 0).all()


def test_shapes():
    """Breaks where (n, time) is taken for channels, or a single series comes back as an array."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 3, 15))
    rows = variate.dtw(a, b)
    assert rows.shape == (3,)
    np.testing.assert_array_equal(rows, variate.dtw(a[:, None], b[:, None]))
    assert [variate.dtw(u, v) for u, v in zip(a, b, strict=True)] == rows.tolist()
    assert type(variate.dtw(a[0], b[0])) is float
    assert variate.dtw(a[:0], b[:0]).shape == (0,)


@pytest.mark.parametrize("kind", [np.array, torch.tensor, lambda x: torch.tensor(x).to(torch.bfloat16)])
def test_lists_of_series_of_any_lengths(kind):
    """Breaks where pairs of one length change places with others, or are compared with the band of another pair."""
    rng, lengths = np.random.default_rng(0), [(5, 9), (9, 5), (5, 9), (1, 30), (9, 9), (5, 9)]
    a, b = ([kind(np.round(4 * rng.normal(size=(2, pair[k])))) for pair in lengths] for k in (0, 1))
    found = variate.dtw(a, tuple(b), band=0.2)
    plain = ([np.asarray(v.float() if isinstance(v, torch.Tensor) else v, np.float64) for v in rows] for rows in (a, b))
    np.testing.assert_allclose(found, [by_the_book(u, v, 0.2) for u, v in zip(*plain, strict=True)], rtol=1e-12)
    np.testing.assert_array_equal([variate.dtw([u], [v], band=0.2)[0] for u, v in zip(a, b, strict=True)], found)
    np.testing.assert_array_equal(
        variate.dtw(a[:1] * 3, torch.zeros(3, 2, 7)), variate.dtw(a[:1], np.zeros((1, 2, 7)))[[0, 0, 0]]
    )
    flat = variate.dtw([v[0] for v in a], [v[0] for v in b])
    np.testing.assert_array_equal(flat, variate.dtw([v[:1] for v in a], [v[:1] for v in b]))
    nested = np.ones((2, 1, 3)).tolist()
    assert variate.dtw(nested, nested).tolist() == [0, 0]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32, torch.float64])
def test_tensors_give_arrays_without_a_gradient(dtype):
    """Breaks where half precision is not known to NumPy, or the result is a tensor."""
    a = torch.arange(6).to(dtype).requires_grad_()
    found = variate.dtw(a[None], torch.zeros(1, 6, dtype=dtype))
    assert type(found) is np.ndarray
    assert found.dtype == np.float64
    assert found[0] == pytest.approx(math.sqrt(55), rel=1e-12)
    assert variate.dtw(a, np.zeros(6)) == pytest.approx(math.sqrt(55), rel=1e-12)


def test_what_does_not_fit_is_refused():
    """Breaks where rows would be left over, a gap would spread, or a band would be none."""
    with pytest.raises(PanelError, match="dtw was given missing readings \\(NaN\\) in b; fill them first"):
        variate.dtw([1.0, 2.0], [1.0, np.nan])
    with pytest.raises(PanelError, match="dtw was given missing readings \\(NaN\\) in a; fill them first"):
        variate.dtw(torch.tensor([1.0, np.nan]), [1.0, 2.0])
    with pytest.raises(PanelError, match=r"a holds \(2, 1\) series and channels, and b \(3, 1\); dtw compares row by row"):
        variate.dtw(np.zeros((2, 5)), np.zeros((3, 5)))
    with pytest.raises(PanelError, match=r"a holds \(2, 3\) series and channels, and b \(2, 1\)"):
        variate.dtw(np.zeros((2, 3, 5)), np.zeros((2, 5)))
    for band, words in ((0, "at least 0.001"), (1.5, "at most 1"), ("wide", "a finite number")):
        with pytest.raises(ParameterError, match=f"dtw\\(band={band!r}\\): band must be {words}"):
            variate.dtw([1, 2], [1, 2], band=band)
    with pytest.raises(PanelError, match="a has dtype"):
        variate.dtw(["a"], [1])
    with pytest.raises(PanelError, match=r"a cannot be read as an array .*; for unequal lengths pass a list of arrays"):
        variate.dtw([[1.0], [1.0, 2.0]], [[1.0], [2.0]])
    with pytest.raises(PanelError, match=r"a holds \(2, 1\) series and channels, and b \(1, 1\)"):
        variate.dtw([np.ones(3), np.ones(4)], np.ones(3))


@pytest.mark.parametrize("empty", [[], np.zeros(0), np.zeros((2, 0)), np.zeros((1, 3, 0)), [np.zeros((1, 0)), np.ones((1, 4))]])
def test_a_series_without_steps_is_refused(empty):
    """Breaks where it is as near as can be to any other, which no step of it is aligned with."""
    full = [1.0, 2.0]
    for pair, name in (((empty, full), "a"), ((full, empty), "b")):
        with pytest.raises(PanelError, match=f"dtw was given a series without steps in {name}; each needs at least one"):
            variate.dtw(*pair)
