"""WaveMix against PyWavelets, one row at a time, with the partner found by what came of it."""

import numpy as np
import pytest
import pywt
from scipy import stats

from kernels.oracles import FALSE_ALARM, fill_gaps
from transforms.helpers import BODIES, draw, run, same_bits, series
from variate import Panel, WaveMix


def mixed(own, other, taken):
    """Return one series (c, t) with the coefficients of another where ``taken``: of the rest, the coarsest level, …"""
    level = len(taken) - 1
    a, b = (pywt.wavedec(v.astype(np.float64), "db1", mode="periodization", level=level, axis=-1) for v in (own, other))
    chosen = [np.where(take, theirs, mine) for take, mine, theirs in zip(taken, a, b, strict=True)]
    return pywt.waverec(chosen, "db1", mode="periodization", axis=-1)[..., : own.shape[-1]]


def taken_of(drawn, level, i):
    """Return what was taken in row i, (1, coefficients) for each kind of level."""
    assert set(drawn) - {"gate"} == {"partner", *(f"taken{j}" for j in range(level + 1))}
    return [drawn[f"taken{j}"][i] for j in range(level + 1)]


def share_of(taken):
    return np.concatenate([t.ravel() for t in taken]).mean()


def who(row, x, i, known, taken, close):
    """Return which of the known series row i was mixed with."""
    return [j for j in range(len(known)) if np.allclose(row, mixed(x[i], known[j], taken), rtol=0, atol=close)]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 2e-6), (np.float64, 1e-13)])
@pytest.mark.parametrize(("length", "level"), [(64, 2), (60, 1), (61, 4), (4, 2), (5, 1), (101, 6)])
@pytest.mark.parametrize("rates", [(0.4, 0.0), (0.5, 0.5), (0.0, 0.6)])
def test_it_is_the_formula_with_one_of_the_class(body, dtype, close, length, level, rates):
    """Breaks where a level has another's draw or rate, a partner is another channel's, or an odd length comes back long."""
    x, label = series(n=9, channels=3, length=length, dtype=dtype), np.arange(9) // 3
    panel = Panel(x, label=label)
    op = WaveMix(details=rates[0], approximation=rates[1], level=level)
    y, drawn = draw(body, op.fit(panel), panel)
    assert y.values.dtype == dtype
    assert same_bits(y.label, label)
    for i in range(9):
        taken = taken_of(drawn, level, i)
        assert all(t.shape[0] == 1 for t in taken)
        found = who(y.values[i], x, i, x, taken, close * np.abs(x).max())
        assert rates[1] or not taken[0].any()
        assert rates[0] or not any(t.any() for t in taken[1:])
        if share_of(taken):
            assert label[i] in label[found]
            assert length < 60 or (len(found) == 1 and found[0] != i)  # the last detail of an odd length is 0 in all series
        else:
            np.testing.assert_allclose(y.values[i], x[i], rtol=0, atol=close * np.abs(x).max())


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("length", [60, 61])
@pytest.mark.parametrize("p", [1.0, 0.5])
def test_a_partner_weighs_as_much_as_was_taken_of_it(body, length, p):
    """Breaks where weights are those of the rates, or each level counts the same however few coefficients it has."""
    x, label = series(n=12, length=length), np.arange(12) % 4
    panel = Panel(x, label=label)
    op = WaveMix(details=0.4, approximation=0.9, level=2, across=True, p=p).fit(panel)
    y, drawn = draw(body, op, panel)
    gate = drawn.get("gate", np.ones(12, bool))
    kinds = set()
    for i in range(12):
        if not gate[i]:
            assert same_bits(y.values[i], x[i])
            np.testing.assert_array_equal(y.label[i], np.eye(4)[label[i]])
            continue
        taken = taken_of(drawn, 2, i)
        (j,) = who(y.values[i], x, i, x, taken, 1e-12)
        kinds.add(label[i] == label[j])
        share = share_of(taken)
        expected = (1 - share) * np.eye(4)[label[i]] + share * np.eye(4)[label[j]]
        np.testing.assert_allclose(y.label[i], expected, rtol=0, atol=1e-6)
    assert False in kinds


@pytest.mark.parametrize("body", BODIES)
def test_of_a_past_the_share_is_that_of_the_window(body):
    x = series(n=2)
    panel = Panel(x, label=[0, 1], horizon=15)
    op = WaveMix(details=0.5, approximation=0.5)
    y, drawn = draw(body, WaveMix(details=0.5, approximation=0.5, across=True, scope="past").fit(panel), panel)
    for i in (0, 1):
        taken = taken_of(drawn, 2, i)
        assert [t.shape[1] for t in taken] == [12, 12, 23]
        past = mixed(x[i, :, :45], x[1 - i, :, :45], taken)
        np.testing.assert_allclose(y.values[i, :, :45], past, rtol=0, atol=1e-12)
        np.testing.assert_allclose(y.label[i, 1 - i], share_of(taken) * 45 / 60, rtol=0, atol=1e-6)
    assert same_bits(y.values[..., 45:].copy(), x[..., 45:].copy())
    whole, drawn = draw(body, op.fit(x), Panel(x, horizon=15))  # "all": past and target are one window
    for i in (0, 1):
        np.testing.assert_allclose(whole.values[i], mixed(x[i], x[1 - i], taken_of(drawn, 2, i)), rtol=0, atol=1e-12)


def test_rates():
    """Breaks where details and approximation change rates, or a coefficient is preferred; false-alarm rate as stated."""
    x = series(n=4000, length=16)
    drawn = draw("numba", WaveMix(details=0.3, approximation=0.1, level=2).fit(x[:50]), x)[1]
    for j, share in enumerate((0.1, 0.3, 0.3)):
        taken = drawn[f"taken{j}"]
        assert taken.shape == (4000, 1, (4, 4, 8)[j])
        for place in range(taken.shape[2]):
            assert stats.binomtest(int(taken[:, 0, place].sum()), 4000, share).pvalue > FALSE_ALARM


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("length", [4, 5, 60, 61])
def test_no_level_or_no_chance_is_no_change_and_all_of_it_is_the_partner(body, length):
    """Breaks where without a level the series itself is taken for the rest, and exchanged."""
    x = series(n=2, length=length)
    panel = Panel(x, label=[0, 1])
    for op in (WaveMix(level=0, details=1.0, approximation=1.0), WaveMix(details=0.0)):
        y = run(
            body, WaveMix(level=op.level, details=op.details, approximation=op.approximation, across=True).fit(panel), panel
        )
        np.testing.assert_allclose(y[0].values, x, rtol=0, atol=1e-14 * np.abs(x).max())
        np.testing.assert_array_equal(y[0].label, np.eye(2))
    assert same_bits(run(body, WaveMix(level=0, details=1.0, approximation=1.0).fit(x), x)[0], x)
    y = run(body, WaveMix(details=1.0, approximation=1.0, across=True).fit(panel), panel)[0]
    np.testing.assert_allclose(y.values, x[::-1], rtol=0, atol=1e-14 * np.abs(x).max())
    np.testing.assert_array_equal(y.label, np.eye(2)[::-1])


@pytest.mark.parametrize("body", BODIES)
def test_details_leave_the_means_of_the_pieces(body):
    """Breaks where a detail is taken for the rest: with two levels the means of four readings each are the series' own."""
    x = series(n=6, length=64)
    y = run(body, WaveMix(details=1.0).fit(x), x)[0]
    np.testing.assert_allclose(y.reshape(6, 2, 16, 4).mean(-1), x.reshape(6, 2, 16, 4).mean(-1), rtol=0, atol=1e-12)
    assert (y != x).any(axis=(1, 2)).all()


@pytest.mark.parametrize("body", BODIES)
def test_more_levels_than_the_length_has(body):
    """Breaks where a level of a single coefficient stops the program."""
    x = series(n=2, length=20)
    y = run(body, WaveMix(level=9, details=0.0).fit(x), x)[0]
    np.testing.assert_allclose(y, x, rtol=0, atol=1e-12 * np.abs(x).max())
    y = run(body, WaveMix(level=9, details=1.0, approximation=1.0).fit(x), x)[0]
    np.testing.assert_allclose(y, x[::-1], rtol=0, atol=1e-12 * np.abs(x).max())


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("horizon", [0, 20])
@pytest.mark.parametrize("masked", [False, True])
def test_gaps_are_bridged_on_either_side_and_come_back(body, horizon, masked):
    """Breaks where a NaN spreads, what stands at an unobserved step counts, or a gap is bridged across the border."""
    x, other = series(n=6), series(n=1, seed=1)
    for v in (x[:4], other):
        v[:, 0, 7:12] = v[:, 1, 37:44] = v[:, :, 50] = np.nan
    seen = np.ones((7, 60), bool)
    if masked:
        seen = np.random.default_rng(0).random((7, 60)) < 0.8
        seen[:, 38:43] = False
    both = np.concatenate([x, other])
    hidden = np.where(seen[:, None], both, np.nan)
    filled = np.concatenate([fill_gaps(v) for v in np.split(hidden, [60 - horizon], axis=-1) if v.size], axis=-1)
    wild = np.where(seen[:, None], both, 1e6)
    masks = [{"mask": seen[:6]}, {"mask": seen[6:]}] if masked else [{}, {}]
    op = WaveMix(details=0.5, approximation=0.5, level=3).fit(Panel(wild[6:], **masks[1]))
    y, drawn = draw(body, op, Panel(wild[:6], horizon=horizon, **masks[0]))
    for i in range(6):
        expected = mixed(filled[i], filled[6], taken_of(drawn, 3, i))
        expected[np.isnan(wild[i]) | np.isnan(wild[6])] = np.nan
        expected = np.where(seen[i], expected, wild[i])
        np.testing.assert_allclose(y.values[i], expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_series_too_short_passes(body, length):
    x = series(length=length)
    assert same_bits(run(body, WaveMix(details=1.0, approximation=1.0).fit(x), x)[0], x)
