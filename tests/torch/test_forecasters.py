"""What every probabilistic forecaster promises, whichever it is: units, seeds, rows, modes, shapes."""

import numpy as np
import pytest
import torch

from variate.core.errors import DrawError, PanelError, ParameterError
from variate.torch import MQRNN, DeepAR, TransformerForecaster
from variate.torch.nets import forecaster
from variate.torch.nets.forecaster import lagged
from variate.torch.nets.scaling import scaled

PAST, HORIZON = 20, 6
SIZES = {MQRNN: {"hidden": 8}, DeepAR: {"hidden": 8, "dropout": 0.5}, TransformerForecaster: {"width": 8, "heads": 2}}
SAMPLED = [DeepAR, TransformerForecaster]
every = pytest.mark.parametrize("kind", SIZES, ids=lambda kind: kind.__name__)
sampled = pytest.mark.parametrize("kind", SAMPLED, ids=lambda kind: kind.__name__)


def made(kind, **options):
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return kind(PAST, HORIZON, **SIZES[kind], **{"lags": (7,), **options})


def windows(n=5, steps=PAST + HORIZON, seed=0, dtype=torch.float32):
    return torch.randn((n, 1, steps), generator=torch.Generator().manual_seed(seed), dtype=dtype).cumsum(-1)


@every
@pytest.mark.parametrize("lags", [(), (2, 20)])
def test_shapes_and_dtypes(kind, lags):
    net = made(kind, lags=lags)
    x = windows()
    assert net.loss(x).shape == ()
    for n in (0, 1, 5):
        assert net.forecast(x[:n, :, :PAST], samples=9).shape == (n, 1, HORIZON)
        assert net.quantiles(x[:n, :, :PAST], (0.1, 0.3, 0.9), samples=9).shape == (n, 3, HORIZON)
    for dtype in (torch.float16, torch.float64):
        assert net.forecast(x[..., :PAST].to(dtype), samples=9).dtype == dtype
    assert net.forecast(x[..., :PAST].long(), samples=9).dtype == torch.float32
    assert net.loss(x.double()).dtype == torch.float32
    assert net.double().forecast(x[..., :PAST], samples=9).dtype == torch.float32


@every
@pytest.mark.parametrize("scale", ["mean", "standard"])
def test_a_change_of_unit_changes_the_forecast_alike(kind, scale):
    net = made(kind, scale=scale)
    x = windows(dtype=torch.float64)
    want = net.quantiles(x[..., :PAST], (0.1, 0.5, 0.9))
    assert want.abs().min() > 1e-3
    for factor in (1e-6, 3.0, 1e6):
        torch.testing.assert_close(net.quantiles(factor * x[..., :PAST], (0.1, 0.5, 0.9)), factor * want, rtol=1e-4, atol=0)
        net.eval()
        torch.testing.assert_close(net.loss(factor * x), net.loss(x))
    assert torch.equal(net.quantiles(4 * x[..., :PAST], (0.1, 0.5, 0.9)), 4 * want), "powers of two lose no bit"


@every
def test_a_change_of_level_moves_the_forecast_where_the_scale_is_standard(kind):
    x = windows(dtype=torch.float64)
    net = made(kind, scale="standard").eval()
    want = net.quantiles(x[..., :PAST], (0.1, 0.5, 0.9))
    torch.testing.assert_close(net.quantiles(x[..., :PAST] + 1e6, (0.1, 0.5, 0.9)), want + 1e6, rtol=0, atol=1e-4)
    torch.testing.assert_close(net.loss(x + 1e6), net.loss(x), rtol=1e-4, atol=1e-4)
    other = made(kind).eval()
    assert not torch.allclose(other.forecast(x[..., :PAST] + 10), other.forecast(x[..., :PAST]) + 10, atol=1e-2)


@every
def test_a_past_that_does_not_move_has_a_forecast(kind):
    x = torch.tensor([0.0, 0.1, -5.0])[:, None, None].expand(3, 1, PAST + HORIZON)
    for scale in ("mean", "standard"):
        net = made(kind, scale=scale)
        assert torch.isfinite(net.loss(x))
        assert torch.isfinite(net.forecast(x[..., :PAST])).all()


@every
def test_a_row_does_not_feel_its_batch(kind, monkeypatch):
    net = made(kind)
    x = windows(7)[..., :PAST]
    want = net.quantiles(x, (0.2, 0.8), samples=30)
    torch.testing.assert_close(net.quantiles(x[2:3], (0.2, 0.8), samples=30), want[2:3])
    torch.testing.assert_close(net.quantiles(x.flip(0), (0.2, 0.8), samples=30), want.flip(0))
    monkeypatch.setattr(forecaster, "PATHS", 70)  # two rows at a time
    torch.testing.assert_close(net.quantiles(x, (0.2, 0.8), samples=30), want)


@sampled
@pytest.mark.parametrize("likelihood", ["student_t", "gaussian", "negative_binomial"])
def test_a_seed_is_a_forecast(kind, likelihood):
    net = made(kind, likelihood=likelihood)
    x = (10 * windows()[..., :PAST].abs()).round()
    assert torch.equal(net.forecast(x), net.forecast(x, seed=0))
    assert torch.equal(net.forecast(x, seed=2**64 + 3), net.forecast(x, seed=2**64 + 3))
    assert not torch.equal(net.forecast(x), net.forecast(x, seed=1))
    assert not torch.equal(net.forecast(x, seed=None), net.forecast(x, seed=None))
    assert not torch.equal(net.forecast(x), net.forecast(x, samples=50))


@every
def test_forecasts_are_made_as_in_evaluation_and_leave_no_trace(kind):
    """Dropout would draw from the global generator, and make the forecast another one."""
    net = made(kind)
    x = windows()
    before = torch.random.get_rng_state()
    training = net.train().forecast(x[..., :PAST].requires_grad_())
    assert net.training
    assert all(module.training for module in net.modules())
    assert torch.equal(net.eval().forecast(x[..., :PAST]), training)
    assert not net.training
    assert torch.equal(torch.random.get_rng_state(), before)
    assert not training.requires_grad


@every
def test_every_parameter_learns(kind):
    net = made(kind)
    with torch.random.fork_rng():
        net.loss(windows(16)).backward()
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        assert (parameter.grad != 0).any(), name


@every
def test_gradients_reach_the_windows_also_those_that_do_not_move(kind):
    x = windows()
    x[0] = 3.0
    x.requires_grad_()
    made(kind, scale="standard").eval().loss(x).backward()
    assert torch.isfinite(x.grad).all()
    assert (x.grad[1:] != 0).any()


@every
def test_the_forecast_is_the_median_and_quantiles_do_not_cross(kind):
    net = made(kind)
    x = windows()[..., :PAST]
    levels = (0.025, 0.2, 0.5, 0.7, 0.975)
    found = net.quantiles(x, levels)
    assert torch.equal(found[:, 2:3], net.forecast(x))
    assert (found.diff(dim=1) > 0).all()
    torch.testing.assert_close(net.quantiles(x, levels[::-1]), found.flip(1))


@sampled
def test_quantiles_are_those_of_the_paths(kind):
    net = made(kind, scale="standard").eval()
    x = windows()[..., :PAST]
    location, unit = scaled(x[:, 0], "standard")
    with torch.no_grad():
        paths = net._paths((x[:, 0] - location) / unit, unit, 40, torch.Generator().manual_seed(7))
    want = np.quantile((location[..., None] + unit[..., None] * paths).numpy(), (0.0, 0.3, 1.0), axis=1)
    np.testing.assert_allclose(net.quantiles(x, (0.0, 0.3, 1.0), seed=7, samples=40), want.swapaxes(0, 1), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("how", ["mean", "standard"])
def test_scaled_is_what_its_table_says(how):
    x = windows(4, 11, dtype=torch.float64)[:, 0] + 3
    x[1], x[2] = 0.0, -0.1
    location, scale = scaled(x, how)
    assert location.shape == scale.shape == (4, 1)
    for z, at, size in zip(x.numpy(), location[:, 0].tolist(), scale[:, 0].tolist(), strict=True):
        moves = how == "standard" and z.max() > z.min()
        assert at == pytest.approx(z.mean() if how == "standard" else 0, abs=1e-12)
        assert size == pytest.approx(z.std() if moves else np.abs(z).mean() or 1, rel=1e-12)
    assert scaled(torch.full((1, 96), 0.1), "standard")[1].item() == pytest.approx(0.1), "not the deviation of roundings"


def test_lags_count_from_the_step_forecast():
    x = torch.arange(12).reshape(2, 6)
    got = lagged(x, (2, 5))
    for row, known in zip(x.tolist(), got.tolist(), strict=True):
        for t in range(6):  # what is known of step t + 1
            assert known[t] == [row[t], row[max(t + 1 - 2, 0)], row[max(t + 1 - 5, 0)]]


@every
def test_what_is_refused(kind):
    name = kind.__name__
    for wrong, message in (
        ({"lags": (1,)}, r"lags=\(1,\)\): lags must be different integers from 2 to past=20"),
        ({"lags": (21,)}, r"lags must"),
        ({"lags": (3, 3)}, r"lags must"),
        ({"lags": (2.0,)}, r"lags must"),
        ({"scale": "means"}, r"scale='means'\): .*did you mean 'mean'"),
    ):
        with pytest.raises(ParameterError, match=rf"{name}\({message}" if "=" in message else message):
            made(kind, **wrong)
    with pytest.raises(ParameterError, match=rf"{name}\(horizon=0\)"):
        kind(PAST, 0)
    net, x = made(kind), windows()
    with pytest.raises(PanelError, match=rf"values has shape \(5, 1, 20\); this {name} needs \(n, 1, 26\)"):
        net.loss(x[..., :PAST])
    with pytest.raises(PanelError, match=r"past has shape \(5, 2, 20\); .* needs \(n, 1, 20\)"):
        net.forecast(x[..., :PAST].expand(-1, 2, -1))
    with pytest.raises(PanelError, match=r"past holds NaN or infinity; .* fill the gaps first"):
        net.forecast(x[..., :PAST] / torch.zeros(()))
    with pytest.raises(ParameterError, match=r"quantiles\(samples=0\)"):
        net.forecast(x[..., :PAST], samples=0)
    for levels in ((), (0.5, 1.1), (-0.1,)):
        with pytest.raises(ParameterError, match=r"give one level or more"):
            net.quantiles(x[..., :PAST], levels)
    with pytest.raises(DrawError, match=r"seed is 0.5"):
        net.forecast(x[..., :PAST], seed=0.5)


@sampled
def test_what_samplers_refuse(kind):
    for wrong, message in (
        ({"likelihood": "normal"}, "unknown likelihood"),
        ({"likelihood": "negative_binomial", "scale": "standard"}, "counts must keep their 0"),
        ({"dropout": 1.0}, r"dropout=1.0\): dropout must be from 0 to less than 1"),
        ({"layers": 0}, r"layers=0\): layers must be an integer of at least 1"),
    ):
        with pytest.raises(ParameterError, match=message):
            kind(PAST, HORIZON, **wrong)
    with pytest.raises(PanelError, match=r"for counts"):
        made(kind, likelihood="negative_binomial").loss(windows())
