"""FrequencyMix against its formula, one row at a time, with the partner found by what came of it."""

import numpy as np
import pytest
from scipy import stats

from kernels.oracles import FALSE_ALARM, fill_gaps
from transforms.helpers import BODIES, draw, run, same_bits, series
from variate import FrequencyMix, Panel

LENGTHS = (3, 4, 5, 60, 61)


def mixed(own, other, taken):
    """Return one series (c, t) with the bins above DC where ``taken`` (1 or c, t // 2) those of another."""
    bins, theirs = np.fft.rfft(own.astype(np.float64)), np.fft.rfft(other.astype(np.float64))
    for c in range(len(own)):
        for k in np.flatnonzero(taken[c % len(taken)]):
            bins[c, 1 + k] = theirs[c, 1 + k]
    return np.fft.irfft(bins, n=own.shape[-1])


def who(y, x, i, known, taken, close):
    """Return which of the known series row i was mixed with."""
    return [j for j in range(len(known)) if np.allclose(y[i], mixed(x[i], known[j], taken[i]), rtol=0, atol=close)]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 2e-6), (np.float64, 1e-12)])
@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("per_channel", [False, True])
def test_it_is_the_formula_with_one_of_the_class(body, dtype, close, length, per_channel):
    """Breaks where a bin is off by one, a channel takes another's draw or series, or an odd length comes back short."""
    x, label = series(n=9, channels=3, length=length, dtype=dtype), np.arange(9) // 3
    op = FrequencyMix(ratio=0.6, per_channel=per_channel).fit(Panel(x, label=label))
    y, drawn = draw(body, op, Panel(x, label=label))
    assert set(drawn) == {"partner", "taken"}
    taken = drawn["taken"]
    assert y.values.dtype == dtype
    assert taken.shape == (9, 3 if per_channel else 1, length // 2)
    assert same_bits(y.label, label)
    for i in range(9):
        found = who(y.values, x, i, x, taken, close * np.abs(x).max())
        if taken[i].any():
            assert found
            assert i not in found
            assert label[i] in label[found]
            assert length < 60 or (len(found) == 1 and label[found[0]] == label[i])
        else:
            np.testing.assert_allclose(y.values[i], x[i], rtol=0, atol=close * np.abs(x).max())


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("per_channel", [False, True])
@pytest.mark.parametrize("p", [1.0, 0.5])
def test_a_partner_weighs_as_much_as_was_taken_of_it(body, per_channel, p):
    """Breaks where weights are those of `ratio` and not of what was drawn, or DC is counted."""
    x, label = series(n=12, channels=3), np.arange(12) % 4
    panel = Panel(x, label=label)
    y, drawn = draw(body, FrequencyMix(ratio=0.5, per_channel=per_channel, across=True, p=p).fit(panel), panel)
    gate = drawn.get("gate", np.ones(12, bool))
    kinds = set()
    for i in range(12):
        if not gate[i]:
            assert same_bits(y.values[i], x[i])
            np.testing.assert_array_equal(y.label[i], np.eye(4)[label[i]])
            continue
        (j,) = who(y.values, x, i, x, drawn["taken"], 1e-11)
        kinds.add(label[i] == label[j])
        share = drawn["taken"][i].mean()
        expected = (1 - share) * np.eye(4)[label[i]] + share * np.eye(4)[label[j]]
        np.testing.assert_allclose(y.label[i], expected, rtol=0, atol=1e-6)
    assert False in kinds


@pytest.mark.parametrize("body", BODIES)
def test_of_a_past_the_share_is_that_of_the_window(body):
    x = series(n=2)
    panel = Panel(x, label=[0, 1], horizon=15)
    y, drawn = draw(body, FrequencyMix(ratio=0.5, across=True, scope="past").fit(panel), panel)
    for i in (0, 1):
        taken = drawn["taken"][i]
        assert taken.shape == (1, 22)
        past = mixed(x[i, :, :45], x[1 - i, :, :45], taken)
        np.testing.assert_allclose(y.values[i, :, :45], past, rtol=0, atol=1e-11)
        np.testing.assert_allclose(y.label[i, 1 - i], taken.mean() * 45 / 60, rtol=0, atol=1e-6)
    assert same_bits(y.values[..., 45:].copy(), x[..., 45:].copy())
    whole, all_drawn = draw(body, FrequencyMix(ratio=0.5).fit(x), Panel(x, horizon=15))  # "all": one window
    for i in (0, 1):
        np.testing.assert_allclose(whole.values[i], mixed(x[i], x[1 - i], all_drawn["taken"][i]), rtol=0, atol=1e-11)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("across", [False, True])
def test_the_mean_stays(body, length, across):
    """Breaks where DC is taken for a frequency."""
    x = series(n=8, length=length)
    y = run(body, FrequencyMix(ratio=1.0, across=across).fit(x), x)[0]
    np.testing.assert_allclose(y.mean(axis=-1), x.mean(axis=-1), rtol=0, atol=1e-13 * np.abs(x).max())


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("length", LENGTHS)
def test_all_of_them_are_the_partner_at_this_level_and_none_the_series(body, length):
    """Breaks where the last bin, Nyquist's where there is one, is out of reach."""
    x = series(n=2, length=length)
    y = run(body, FrequencyMix(ratio=1.0).fit(x), x)[0]
    level = x.mean(axis=-1, keepdims=True)
    np.testing.assert_allclose(y, (x - level)[::-1] + level, rtol=0, atol=1e-13 * np.abs(x).max())
    y = run(body, FrequencyMix(ratio=0.0).fit(x), x)[0]
    np.testing.assert_allclose(y, x, rtol=0, atol=1e-14 * np.abs(x).max())


def test_frequencies_have_their_rate_and_channels_share_them_or_not():
    """Breaks where a bin is preferred, or channels that ought to differ do not; false-alarm rate as stated."""
    x = series(n=3000, channels=2, length=20)
    for each in (False, True):
        y, drawn = draw("numba", FrequencyMix(ratio=0.2, per_channel=each).fit(series(n=50, length=20, seed=1)), x)
        moved = np.abs(np.fft.rfft(y) - np.fft.rfft(x)) > 1e-9
        assert not moved[..., 0].any()
        np.testing.assert_array_equal(moved[..., 1:], np.broadcast_to(drawn["taken"], (3000, 2, 10)))
        assert (moved[:, 0] == moved[:, 1]).all() != each
        for k in range(10):
            assert stats.binomtest(int(moved[:, 0, 1 + k].sum()), 3000, 0.2).pvalue > FALSE_ALARM


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("horizon", [0, 20])
@pytest.mark.parametrize("masked", [False, True])
def test_gaps_are_bridged_on_either_side_and_come_back(body, horizon, masked):
    """Breaks where a NaN spreads, what stands at an unobserved step counts, or a gap is bridged across the border."""
    x, other = series(n=6), series(n=1, seed=1)
    for v in (x[:4], other):
        v[:, 0, 7:12] = v[:, 1, 37:44] = v[:, :, 50] = np.nan
    x[1, 0, :9], other[0, 0, -3:] = np.nan, np.nan
    seen = np.ones((7, 60), bool)
    if masked:
        seen = np.random.default_rng(0).random((7, 60)) < 0.8
        seen[:, 38:43] = False
    hidden = np.where(seen[:, None], np.concatenate([x, other]), np.nan)
    filled = np.concatenate([fill_gaps(v) for v in np.split(hidden, [60 - horizon], axis=-1) if v.size], axis=-1)
    wild = np.where(seen[:, None], np.concatenate([x, other]), 1e6)
    masks = {"mask": seen[:6]} if masked else {}
    op = FrequencyMix(ratio=0.5).fit(Panel(wild[6:], **({"mask": seen[6:]} if masked else {})))
    y, drawn = draw(body, op, Panel(wild[:6], horizon=horizon, **masks))
    for i in range(6):
        expected = mixed(filled[i], filled[6], drawn["taken"][i])
        expected[np.isnan(wild[i]) | np.isnan(wild[6])] = np.nan
        expected = np.where(seen[i], expected, wild[i])
        np.testing.assert_allclose(y.values[i], expected, rtol=0, atol=1e-11)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("length", [1, 2])
def test_a_series_too_short_passes(body, length):
    """Breaks where one or two readings stop the program or are changed."""
    x = series(length=length)
    assert same_bits(run(body, FrequencyMix(ratio=1.0).fit(x), x)[0], x)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_constant_channel_takes_what_the_other_has_and_gives_nothing(body, dtype):
    """Breaks where rounding is amplified, or a channel mixes with another one."""
    x = series(n=2, length=51, dtype=dtype)
    x[0, 0] = 7.3
    y, drawn = draw(body, FrequencyMix(ratio=0.5).fit(x), x)
    close = 100 * np.finfo(dtype).eps
    taken = drawn["taken"]
    np.testing.assert_allclose(y[0, 0], mixed(x[0], x[1], taken[0])[0], rtol=0, atol=close * np.abs(x).max())
    np.testing.assert_allclose(np.abs(np.fft.rfft(y[1, 0]))[1:][taken[1, 0]], 0, rtol=0, atol=51 * close * np.abs(x).max())
