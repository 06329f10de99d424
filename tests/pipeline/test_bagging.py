"""bagging: METHODS 4.5, the forecasts of bootstrapped histories."""

import numpy as np
import pytest
import torch
from statsforecast.models import Naive

from variate import Compose, Jitter, Panel, Scaling, StlMix, TimeWarp, bagging, bld_mbb, expand
from variate.core.errors import ContractError, DrawError, PanelError, ParameterError


def histories(n=3, channels=2, length=48, seed=0):
    """Return histories (n, channels, length) above 0 with a season of 6 steps."""
    rng = np.random.default_rng(seed)
    wave = np.sin(2 * np.pi * np.arange(length) / 6 + rng.uniform(0, 6, (n, channels, 1)))
    return 9 + 2 * wave + rng.normal(size=(n, channels, length))


def tail(history, horizon):
    """Forecast the last readings again, so that a forecast tells its history."""
    return history[-horizon:]


class Model:
    """What statsforecast's models look like from outside."""

    def __init__(self):
        self.asked = []

    def forecast(self, *, y, h):
        self.asked.append((y.shape, y.dtype, h))
        return {"mean": y[-h:], "fitted": None}


def test_the_first_member_is_the_forecast_of_the_history_itself():
    """Breaks where member 0 is bootstrapped as well, or a series gets the forecast of another."""
    x = histories()
    made = bagging(x, tail, 4, horizon=5, aug=bld_mbb(period=6))
    assert made.members.shape == (3, 2, 4, 5)
    assert made.members.dtype == np.float64
    np.testing.assert_array_equal(made.members[:, :, 0], x[..., -5:])
    np.testing.assert_array_equal(made.base, x[..., -5:])
    assert (made.members[:, :, 1:] != x[:, :, None, -5:]).any(axis=-1).all()


@pytest.mark.parametrize("aug", [bld_mbb(period=6), Compose(Scaling(), Jitter(), TimeWarp())], ids=repr)
def test_the_others_are_the_epochs_of_expand(aug):
    """Breaks where members draw alike, with another seed, or not as the rest of the library does."""
    x = histories()
    made = bagging(Panel(x, ids=["a", "b", "c"]), tail, 5, horizon=48, aug=aug, seed=7)
    big = expand(Panel(x, ids=["a", "b", "c"]), aug, copies=4, seed=7)
    np.testing.assert_array_equal(made.members.transpose(2, 0, 1, 3).reshape(15, 2, 48), big.values)
    fewer = bagging(Panel(x, ids=["a", "b", "c"]), tail, 3, horizon=48, aug=aug, seed=7)
    np.testing.assert_array_equal(fewer.members, made.members[:, :, :3])
    other = bagging(Panel(x, ids=["a", "b", "c"]), tail, 3, horizon=48, aug=aug, seed=8)
    assert (other.members[:, :, 1:] != fewer.members[:, :, 1:]).any()


def test_without_aug_it_is_the_bootstrap_of_the_paper():
    """Breaks where the default moves: METHODS 4.5 has Box-Cox, STL and blocks of the remainder."""
    x = histories()
    made, wanted = (bagging(x, tail, 3, horizon=48, aug=aug).members for aug in (None, bld_mbb()))
    np.testing.assert_array_equal(made, wanted)


def test_what_the_members_say_together():
    """Breaks where mean, median, low or high are over series, channels or steps."""
    made = bagging(histories(), tail, 6, horizon=5, aug=bld_mbb(period=6))
    for i, c, t in np.ndindex(3, 2, 5):
        said = sorted(made.members[i, c, :, t].tolist())
        assert made.mean[i, c, t] == pytest.approx(sum(said) / 6)
        assert made.median[i, c, t] == pytest.approx((said[2] + said[3]) / 2)
        assert (made.low[i, c, t], made.high[i, c, t]) == (said[0], said[-1])
    for found in (made.base, made.mean, made.median, made.low, made.high):
        assert found.shape == (3, 2, 5)


def test_the_target_of_a_panel_is_not_looked_at():
    """Breaks where a reading of the target reaches the forecaster or the bootstrap: 1e9 would show in all of them."""
    x = histories()
    seen = []

    def keeps(history, horizon):
        seen.append(history.copy())
        return np.zeros(horizon)

    marked = x.copy()
    marked[..., -8:] = 1e9
    made = bagging(Panel(marked, horizon=8), keeps, 3, aug=bld_mbb(period=6))
    assert made.members.shape == (3, 2, 3, 8)
    assert len(seen) == 18
    assert all(history.shape == (40,) and history.max() < 100 for history in seen)
    longer = bagging(Panel(marked, horizon=8), tail, 3, horizon=10, aug=bld_mbb(period=6))
    alone = bagging(x[..., :-8], tail, 3, horizon=10, aug=bld_mbb(period=6))
    np.testing.assert_array_equal(longer.members, alone.members)


def test_each_channel_is_forecast_alone_and_each_member_counts():
    """Breaks where a progress bar runs short or over, or a forecaster is given two channels."""
    counted, asked = [], []

    def notes(history, horizon):
        asked.append(history.shape)
        return np.full(horizon, len(asked))

    made = bagging(histories(), notes, 4, horizon=2, aug=bld_mbb(period=6), on_member=lambda: counted.append(len(asked)))
    assert asked == [(48,)] * 24
    assert counted == list(range(2, 26, 2))
    order = made.members[..., 0].transpose(2, 0, 1).ravel()  # all series of a member, then the next member
    np.testing.assert_array_equal(order, np.arange(1, 25))


def test_a_model_of_statsforecast_is_asked_by_its_own_words():
    """Breaks where the names y and h, or the key "mean", are others."""
    x = histories(channels=1)
    model = Model()
    made = bagging(x.astype(np.float32), model, 3, horizon=4, aug=bld_mbb(period=6))
    assert model.asked == [((48,), np.float64, 4)] * 9
    np.testing.assert_array_equal(made.members[:, 0, 0], x[:, 0, -4:].astype(np.float32))
    own = bagging(x, Naive(), 3, horizon=4, aug=bld_mbb(period=6))
    by_hand = bagging(x, lambda history, h: np.repeat(history[-1], h), 3, horizon=4, aug=bld_mbb(period=6))
    np.testing.assert_array_equal(own.members, by_hand.members)


def test_series_of_different_lengths():
    """Breaks where a history is padded, or members of a ragged panel come in another order."""
    x = histories()
    ragged = [x[0], x[1, :, :30], x[2, :, :7]]
    made = bagging(ragged, tail, 3, horizon=4, aug=bld_mbb(period=6))
    assert made.members.shape == (3, 2, 3, 4)
    for i, series in enumerate(ragged):
        np.testing.assert_array_equal(made.base[i], series[:, -4:])
        alone = bagging(Panel(series[None], ids=[i]), tail, 3, horizon=4, aug=bld_mbb(period=6))
        np.testing.assert_array_equal(alone.members[0], made.members[i])


def test_kinds_of_series_that_it_takes():
    """Breaks where a tensor, a single series or a gap stops it; gaps are bridged by a line."""
    x = histories(n=1, channels=1)[0, 0]
    wanted = bagging(x, tail, 3, horizon=48, aug=bld_mbb(period=6)).members
    assert wanted.shape == (1, 1, 3, 48)
    for same in (x[None], x[None, None], torch.from_numpy(x), x.tolist(), Panel(x, label=[3], points=np.ones((1, 48), bool))):
        np.testing.assert_array_equal(bagging(same, tail, 3, horizon=48, aug=bld_mbb(period=6)).members, wanted)
    gaps = x.copy()
    gaps[10:14] = np.nan
    bridged = np.interp(np.arange(48), np.flatnonzero(~np.isnan(gaps)), gaps[~np.isnan(gaps)])
    made = bagging(gaps, tail, 3, horizon=48, aug=bld_mbb(period=6)).members
    np.testing.assert_allclose(made[0, 0, 0], bridged, rtol=1e-12)
    assert np.isfinite(made).all()
    over = np.r_[x[:-8], np.full(8, np.nan)]  # a gap that reaches into the target is not bridged from there
    seen = bagging(Panel(over, horizon=8), tail, 2, aug=bld_mbb(period=6)).base
    np.testing.assert_array_equal(seen[0, 0], x[-16:-8])
    before = x.copy()
    bagging(before, lambda history, h: history.__imul__(0)[-h:], 2, horizon=3)  # one that writes to what it is given
    np.testing.assert_array_equal(before, x)


def test_members_differ_where_a_forecaster_is_unsteady_and_agree_where_it_is_not():
    """Breaks where the bootstrap shifts the level: METHODS 4.5, the mean of the members is near the base."""
    x = histories(n=2, channels=1, length=240)
    made = bagging(x, lambda history, h: np.repeat(history.mean(), h), 30, horizon=3, aug=bld_mbb(period=6))
    np.testing.assert_allclose(made.mean, made.base, rtol=0.02)
    assert (made.high > made.low).all()


@pytest.mark.parametrize(("how", "error", "sentence"), [
    ({}, ParameterError, r"bagging\(horizon=0\): horizon must be at least 1"),
    ({"horizon": 0}, ParameterError, "horizon must be at least 1"),
    ({"horizon": 2.5}, ParameterError, "horizon must be an integer"),
    ({"horizon": 3, "members": 0}, ParameterError, r"bagging\(members=0\): members must be at least 1"),
    ({"horizon": 3, "members": "many"}, ParameterError, "members must be an integer"),
    ({"horizon": 3, "forecaster": "naive"}, ParameterError, r"bagging\(forecaster='naive'\): it must be a function of"),
    ({"horizon": 3, "forecaster": None}, ParameterError, "it must be a function of"),
    ({"horizon": 3, "forecaster": lambda y, h: y[-1]}, PanelError, r"returned shape \(\); 3 steps need \(3,\)"),
    ({"horizon": 3, "forecaster": lambda y, h: y[-2:]}, PanelError, r"returned shape \(2,\); 3 steps need \(3,\)"),
    ({"horizon": 3, "forecaster": lambda y, h: y[None, -h:]}, PanelError, r"returned shape \(1, 3\)"),
    ({"horizon": 3, "aug": Jitter}, ParameterError, r"bagging: part 0 is the class Jitter; make one: Jitter\(\)"),
    ({"horizon": 3, "aug": StlMix()}, ContractError, r"call StlMix\(\)\.fit\(panel\) first"),
    ({"horizon": 3, "seed": "x"}, DrawError, "seed is 'x'"),
])  # fmt: skip
def test_what_it_cannot_do_is_told_in_a_sentence(how, error, sentence):
    with pytest.raises(error, match=sentence):
        bagging(histories(), **{"forecaster": tail, "members": 2, **how})
