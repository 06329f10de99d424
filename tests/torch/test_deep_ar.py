"""DeepAR: its likelihood, its paths, and that it learns."""

import warnings

import pytest
import torch

from variate.core.errors import ParameterError
from variate.torch import DeepAR
from variate.torch.nets.forecaster import lagged
from variate.torch.nets.scaling import scaled


@pytest.fixture(autouse=True)
def own_generator():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


@pytest.mark.parametrize(("likelihood", "size"), [("student_t", 3), ("gaussian", 2), ("negative_binomial", 2)])
def test_number_of_parameters(likelihood, size):
    def want(hidden, layers, inputs):
        lstm = sum(4 * hidden * ((hidden if layer else inputs) + hidden + 2) for layer in range(layers))
        return lstm + (hidden + 1) * size

    def count(net):
        return sum(p.numel() for p in net.parameters())

    assert count(DeepAR(96, 48, likelihood=likelihood)) == want(40, 2, 1)
    assert count(DeepAR(96, 48, likelihood=likelihood, hidden=7, layers=3, lags=(2, 24))) == want(7, 3, 3)


@pytest.mark.parametrize("likelihood", ["student_t", "gaussian", "negative_binomial"])
def test_the_loss_is_the_mean_of_what_each_step_says_of_the_next(likelihood):
    """Step by step with the LSTM's own state, the unit from the past alone, past and horizon scored alike."""
    net = DeepAR(9, 4, hidden=6, lags=(3,), likelihood=likelihood).eval()
    x = torch.randn(2, 1, 13).abs() * 4
    unit = x[:, 0, :9].mean(dim=1, keepdim=True)
    readings = x[:, 0] / unit
    known, state, costs = lagged(readings, (3,)), None, []
    for t in range(12):
        out, state = net.rnn(known[:, t : t + 1], state)
        said = net.likelihood.of(net.head(out)[:, 0], unit[:, 0])
        costs.append(-said.log_prob(readings[:, t + 1]))
    torch.testing.assert_close(net.loss(x), torch.stack(costs).mean())


def test_a_step_does_not_see_what_comes_after():
    net = DeepAR(9, 4, hidden=6, lags=(3,)).eval()
    x = torch.randn(2, 13)
    before = net(x)
    for changed in range(13):
        other = x.clone()
        other[:, changed] += 1
        after = net(other)
        assert torch.equal(after[:, :changed], before[:, :changed])
        assert (after[:, changed] != before[:, changed]).any(dim=1).all()


@pytest.mark.parametrize("likelihood", ["student_t", "gaussian", "negative_binomial"])
def test_paths_are_what_feeding_back_each_draw_gives(likelihood):
    """The oracle keeps no state: for each step it reads every path again from its start."""
    net = DeepAR(9, 5, hidden=6, lags=(3, 9), likelihood=likelihood).eval()
    x = (torch.randn(2, 9) * 9).abs().round()
    _, unit = scaled(x, "mean")
    with torch.no_grad():
        got = net._paths(x / unit, unit, 7, torch.Generator().manual_seed(5))
        stream = torch.Generator().manual_seed(5)
        paths = (x / unit)[:, None].expand(2, 7, 9)
        for _ in range(5):
            raw = torch.stack([net(path)[:, -1] for path in paths])
            paths = torch.cat([paths, net.likelihood.of(raw, unit).sample(stream)[..., None]], dim=2)
    torch.testing.assert_close(got, paths[..., 9:])
    assert (got.std(dim=1) > 0).all()


def trained(net, x, steps):
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    first = net.eval().loss(x).item()
    net.train()
    for _ in range(steps):
        optimizer.zero_grad()
        net.loss(x).backward()
        optimizer.step()
    return first, net.eval().loss(x).item()


@pytest.mark.parametrize("likelihood", ["student_t", "gaussian"])
def test_it_learns_a_sine(likelihood):
    t = torch.arange(32 + 8)
    x = torch.stack([5 * torch.sin(2 * torch.pi * (t + shift) / 16) for shift in range(0, 16, 2)])[:, None]
    net = DeepAR(32, 8, hidden=20, dropout=0.0, likelihood=likelihood)
    first, last = trained(net, x, 150)
    assert last < first - 1.5, "a deviation less than a quarter"
    assert (net.forecast(x[..., :32]) - x[..., 32:]).abs().mean() < 0.15 * x.abs().mean()


def test_it_learns_counts():
    """Poisson counts at two levels: forecast near the level, at either, with quantiles that hold about what they should."""
    level = torch.tensor([4.0, 60.0]).repeat(8)[:, None, None]
    x = torch.poisson(level.expand(16, 1, 40))
    net = DeepAR(32, 8, hidden=8, likelihood="negative_binomial")
    first, last = trained(net, x, 80)
    assert last < first
    low, mid, high = net.quantiles(x[..., :32], (0.1, 0.5, 0.9), samples=200).unbind(1)
    assert ((mid - level[:, 0]).abs() < 0.35 * level[:, 0]).all()
    inside = (x[:, 0, 32:] >= low) & (x[:, 0, 32:] <= high)
    assert 0.7 < inside.float().mean() < 1
    assert (low >= 0).all()


def test_one_layer_has_nothing_to_drop_between():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        DeepAR(20, 6, layers=1, dropout=0.3)
    assert DeepAR(20, 6, dropout=0.3).rnn.dropout == 0.3


def test_what_is_refused():
    with pytest.raises(ParameterError, match=r"DeepAR\(hidden=0\)"):
        DeepAR(20, 6, hidden=0)
    with pytest.raises(ParameterError, match=r"DeepAR\(dropout=-0.1\)"):
        DeepAR(20, 6, dropout=-0.1)
