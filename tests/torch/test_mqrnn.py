"""MQRNN: its loss, its forks, quantiles that do not cross, and that it learns."""

import numpy as np
import pytest
import torch
from scipy import stats

from variate.core.errors import ParameterError
from variate.torch import MQRNN
from variate.torch.nets.mqrnn import quantile_loss
from variate.torch.nets.scaling import scaled

LEVELS = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)


@pytest.fixture(autouse=True)
def own_generator():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def test_number_of_parameters():
    def want(hidden, context, decoder, horizon, levels, lags):
        encoder = 4 * hidden * (1 + lags + hidden + 2)
        contexts = hidden * hidden + hidden + (hidden + 1) * (horizon + 1) * context
        return encoder + contexts + (2 * context + lags + 1) * decoder + (decoder + 1) * levels

    def count(net):
        return sum(p.numel() for p in net.parameters())

    assert count(MQRNN(96, 48)) == want(50, 10, 30, 48, 7, 0)
    small = MQRNN(30, 6, hidden=5, context=3, decoder=4, quantiles=(0.3, 0.5), lags=(2, 9))
    assert count(small) == want(5, 3, 4, 6, 2, 2)


def test_quantile_loss_golden():
    actual, forecast = torch.tensor([3.0, 1.0]), torch.tensor([[1.0], [2.0]])
    assert quantile_loss(actual, forecast, (0.5,)).tolist() == [1.0, 0.5], "half the absolute error"
    assert quantile_loss(actual, forecast, (0.9,)).tolist() == pytest.approx([1.8, 0.1]), "too low costs 0.9, too high 0.1"
    both = torch.tensor([[1.0, 4.0], [2.0, 2.0]])
    assert quantile_loss(actual, both, (0.5, 0.9)).tolist() == pytest.approx([1.1, 0.6]), "the sum over quantiles"


@pytest.mark.parametrize("level", LEVELS)
def test_quantile_loss_is_least_at_the_true_quantile(level):
    law = stats.gamma(2)
    outcomes = torch.tensor(law.ppf((np.arange(20_000) + 0.5) / 20_000))
    guesses = torch.tensor(law.ppf(np.clip(level + np.array([-0.02, 0, 0.02]), 1e-3, None)))
    costs = [float(quantile_loss(outcomes, guess.expand(20_000, 1), (level,)).mean()) for guess in guesses]
    assert costs[1] == min(costs)


def plain_loss(net, x):
    """Forecast the horizon from the past's end, and nothing else."""
    location, unit = scaled(x[:, 0, : net.past], net.scale)
    units = (net.quantiles(x[..., : net.past], net.levels) - location[:, None]) / unit[:, None]
    actual = (x[:, 0, net.past :] - location) / unit
    cost = 0
    for i, level in enumerate(net.levels):
        over = actual - units[:, i]
        cost += torch.where(over > 0, level * over, (level - 1) * over)
    return cost.sum(dim=1).mean()


@pytest.mark.parametrize("scale", ["mean", "standard"])
def test_one_fork_is_plain_training(scale):
    net = MQRNN(20, 6, hidden=8, forks=1, lags=(5,), scale=scale)
    x = torch.randn(4, 1, 26) + 1
    torch.testing.assert_close(net.loss(x).detach(), plain_loss(net, x))


def test_the_loss_is_the_mean_over_forks_of_what_each_would_be_alone():
    """A fork after t readings is a network that knows t readings, and whose horizon is what follows."""
    net = MQRNN(12, 5, hidden=8, forks=100, lags=(3,))
    assert net.forked.tolist() == list(range(12)), "a past shorter than that has a fork at each step"
    x = torch.randn(4, 1, 17)
    x[..., :12] /= x[..., :12].abs().mean(dim=2, keepdim=True)  # a unit of 1, also for the shorter ones below
    costs = []
    for last in range(12):
        found = net(x[:, 0, : last + 1], torch.tensor([last]))[:, 0]
        costs.append(quantile_loss(x[:, 0, last + 1 : last + 6], found, net.levels).sum(dim=1).mean())
    torch.testing.assert_close(net.loss(x), torch.stack(costs).mean())


@pytest.mark.parametrize(("past", "forks"), [(96, 16), (20, 7), (7, 7), (5, 16), (1, 16), (30, 1)])
def test_forks_are_spread_evenly_and_end_with_the_past(past, forks):
    forked = MQRNN(past, 3, hidden=2, forks=forks).forked
    assert len(forked) == min(past, forks)
    assert forked[-1] == past - 1
    gaps = torch.cat([torch.tensor([-1]), forked]).diff()
    assert gaps.min() >= 1
    assert gaps.max() - gaps.min() <= 1


@pytest.mark.parametrize("lags", [(), (4, 12)])
def test_a_fork_sees_its_past_alone(lags):
    net = MQRNN(24, 10, hidden=8, forks=8, lags=lags)
    x = torch.randn(2, 24)
    before = net(x, net.forked)
    for changed in range(24):
        other = x.clone()
        other[:, changed] += 1
        after = net(other, net.forked)
        blind = net.forked < changed
        assert torch.equal(after[:, blind], before[:, blind])
        assert (after[:, ~blind] != before[:, ~blind]).flatten(2).any(dim=2).all()


def test_the_local_network_is_given_the_last_season_that_is_known():
    net = MQRNN(10, 7, hidden=2, lags=(3, 8))
    x = torch.arange(10.0)[None]
    forks = torch.tensor([1, 9])
    got = net._seasonal(x, forks)[0]
    for fork, rows in zip(forks.tolist(), got.tolist(), strict=True):
        for k in range(1, 8):
            for lag, reading in zip((3, 8), rows[k - 1], strict=True):
                step = fork + k
                while step > fork:
                    step -= lag
                assert reading == max(step, 0)


def test_quantiles_do_not_cross_and_those_between_are_interpolated():
    net = MQRNN(20, 6, hidden=8)
    for p in net.parameters():
        torch.nn.init.normal_(p, std=2.0)
    x = torch.randn(50, 1, 20) * 100
    known = net.quantiles(x, LEVELS)
    assert (known.diff(dim=1) >= 0).all()
    assert known.isfinite().all()
    got = net.quantiles(x, (0.5, 0.6, 0.3))
    torch.testing.assert_close(got[:, 0], known[:, 3])
    torch.testing.assert_close(got[:, 1], 0.6 * known[:, 3] + 0.4 * known[:, 4], rtol=1e-5, atol=1e-3)
    torch.testing.assert_close(got[:, 2], 0.8 * known[:, 2] + 0.2 * known[:, 3], rtol=1e-5, atol=1e-3)
    assert torch.equal(net.forecast(x, seed=1), net.forecast(x, seed=2)), "nothing is drawn"


def test_every_context_is_used():
    """That of each step of the horizon, and the one for all."""
    net = MQRNN(20, 6, hidden=8, context=3)
    net.loss(torch.randn(16, 1, 26)).backward()
    assert (net.contexts[2].bias.grad != 0).all()


def test_it_learns_a_sine():
    t = torch.arange(32 + 8)
    x = torch.stack([5 * torch.sin(2 * torch.pi * (t + shift) / 16) for shift in range(0, 16, 2)])[:, None]
    net = MQRNN(32, 8, hidden=20)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    first = net.loss(x).item()
    for _ in range(150):
        optimizer.zero_grad()
        loss = net.loss(x)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.1 * first
    error = (net.forecast(x[..., :32]) - x[..., 32:]).abs().mean()
    assert error < 0.1 * x.abs().mean()


def test_what_is_refused():
    for wrong in ((), (0.5, 0.1), (0.1, 0.1, 0.9), (0.0, 0.5), (0.5, 1.0), (0.6, 0.9), (0.1, 0.4)):
        with pytest.raises(ParameterError, match=r"quantiles must rise, lie between 0 and 1 and have 0.5"):
            MQRNN(20, 6, quantiles=wrong)
    for name in ("hidden", "context", "decoder", "forks"):
        with pytest.raises(ParameterError, match=rf"MQRNN\({name}=0\)"):
            MQRNN(20, 6, **{name: 0})
    with pytest.raises(ParameterError, match=r"levels=\(0.01,\)\): give one level or more, each from 0.025 to 0.975"):
        MQRNN(20, 6).quantiles(torch.zeros(1, 1, 20), (0.01,))
