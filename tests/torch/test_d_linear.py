"""DLinear: its formula, what it shares, that it learns, and what it refuses."""

import numpy as np
import pytest
import torch

from variate.core.errors import PanelError, ParameterError
from variate.torch import DLinear


@pytest.fixture(autouse=True)
def own_generator():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def literal(net, x):
    """The formula step by step: reading outside the window means reading its first or last step."""
    x, half = x.double().numpy(), net.kernel // 2
    weights = [
        p.detach().double().numpy() for p in (net.trend.weight, net.trend.bias, net.remainder.weight, net.remainder.bias)
    ]
    out = np.zeros((*x.shape[:2], net.horizon))
    for i, c in np.ndindex(*x.shape[:2]):
        trend = [
            sum(x[i, c, min(max(s, 0), net.past - 1)] for s in range(t - half, t + half + 1)) / net.kernel
            for t in range(net.past)
        ]
        for h in range(net.horizon):
            out[i, c, h] = weights[1][h] + weights[3][h]
            for t in range(net.past):
                out[i, c, h] += weights[0][h, t] * trend[t] + weights[2][h, t] * (x[i, c, t] - trend[t])
    return torch.from_numpy(out)


@pytest.mark.parametrize(("past", "horizon", "kernel"), [(1, 1, 25), (2, 3, 1), (7, 2, 3), (30, 5, 25), (9, 4, 25)])
def test_forward_is_the_formula(past, horizon, kernel):
    net, x = DLinear(past, horizon, kernel).double(), torch.randn(2, 3, past).double()
    torch.testing.assert_close(net(x), literal(net, x))


def test_the_average_is_over_25_steps_unless_told():
    net, x = DLinear(40, 4).double(), torch.randn(1, 1, 40).double()
    assert net.kernel == 25
    torch.testing.assert_close(net(x), literal(net, x))


def test_number_of_parameters():
    assert sum(p.numel() for p in DLinear(336, 96).parameters() if p.requires_grad) == 2 * 96 * 337


def test_the_layers_begin_as_torch_makes_them():
    weight = DLinear(400, 100).trend.weight.detach()
    assert weight.abs().max() <= 1 / 20
    assert weight.std() == pytest.approx(1 / 20 / 3**0.5, rel=0.05)  # all alike, at 1/past, would have none


@pytest.mark.parametrize("n", [0, 1, 5])
@pytest.mark.parametrize("c", [1, 4])
def test_shapes(n, c):
    net = DLinear(12, 5, kernel=3)
    assert net(torch.randn(n, c, 12)).shape == (n, c, 5)
    assert net.forecast(torch.randn(n, c, 12)).shape == (n, c, 5)


def test_all_channels_share_the_layers_and_none_sees_another():
    net, x = DLinear(12, 5, kernel=3), torch.randn(4, 3, 12)
    out = net(x)
    torch.testing.assert_close(net(x[:, [2, 0, 1]]), out[:, [2, 0, 1]])
    torch.testing.assert_close(net(x.reshape(12, 1, 12)).reshape(4, 3, 5), out)
    other = x.clone()
    other[:, 1] += 1
    assert torch.equal(net(other)[:, [0, 2]], out[:, [0, 2]])


def test_rows_do_not_feel_each_other_and_their_order_is_kept():
    net, x, order = DLinear(12, 5), torch.randn(6, 2, 12), [3, 0, 5, 1, 4, 2]
    torch.testing.assert_close(net(x[order]), net(x)[order])
    torch.testing.assert_close(net(x[2:3]), net(x)[2:3])


def test_a_constant_added_to_the_window_reaches_the_trend_alone():
    net, x = DLinear(12, 5, kernel=5).double(), torch.randn(2, 3, 12).double()
    torch.testing.assert_close(net(x + 7) - net(x), (7 * net.trend.weight.sum(dim=1)).expand(2, 3, 5))


def test_the_loss_is_the_squared_error_of_the_steps_to_come():
    net, values = DLinear(12, 5), torch.randn(4, 3, 17)
    loss = net.loss(values)
    assert loss.shape == ()
    want = ((net.forecast(values[..., :12]) - values[..., 12:]) ** 2).mean()
    torch.testing.assert_close(loss.detach(), want)
    loss.backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in net.parameters())


def test_a_forecast_is_forward_without_a_gradient():
    net, past = DLinear(12, 5), torch.randn(4, 3, 12)
    assert not net.forecast(past).requires_grad
    assert net(past).requires_grad
    assert torch.equal(net.forecast(past), net(past).detach())
    assert net.training


def test_it_learns_a_trend_with_a_season_and_continues_it_at_any_phase():
    """Each such window's future is a linear function of its past, so the error must vanish, on unseen windows too."""
    t = torch.arange(24 + 12, dtype=torch.float64)

    def windows(n):
        slope, level, size, phase = torch.randn(4, n, 1, 1, dtype=torch.float64)
        return level + slope * t / 36 + size * torch.sin(2 * torch.pi * t / 8 + 6 * phase)

    net = DLinear(24, 12, kernel=9).double()
    known, new = windows(64), windows(32)
    optimizer = torch.optim.LBFGS(net.parameters(), max_iter=300, tolerance_grad=1e-12, line_search_fn="strong_wolfe")

    def step():
        optimizer.zero_grad()
        loss = net.loss(known)
        loss.backward()
        return loss

    optimizer.step(step)
    assert net.loss(known).item() < 1e-8
    assert net.loss(new).item() < 1e-7


def test_what_is_refused():
    for name in ("past", "horizon", "kernel"):
        with pytest.raises(ParameterError, match=rf"DLinear\({name}=0\): {name} must be an integer of at least 1"):
            DLinear(**{"past": 8, "horizon": 4, name: 0})
    with pytest.raises(ParameterError, match=r"DLinear\(past=True\)"):
        DLinear(True, 4)
    with pytest.raises(ParameterError, match=r"DLinear\(kernel=24\): kernel must be odd.*take 25"):
        DLinear(8, 4, kernel=24)
    net = DLinear(8, 4)
    with pytest.raises(PanelError, match=r"x has shape \(2, 1, 9\); this DLinear needs \(n, channels, 8\)"):
        net(torch.zeros(2, 1, 9))
    with pytest.raises(PanelError, match=r"past has shape \(2, 8\); this DLinear needs \(n, channels, 8\)"):
        net.forecast(torch.zeros(2, 8))
    with pytest.raises(PanelError, match=r"values has shape \(2, 1, 8\); this DLinear needs \(n, channels, 12\)"):
        net.loss(torch.zeros(2, 1, 8))
