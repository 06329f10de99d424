"""TransformerForecaster: its layers as torch has them, causality, paths, and that it learns."""

import math

import pytest
import torch

from variate.core.errors import ParameterError
from variate.torch import TransformerForecaster
from variate.torch.nets.forecaster import lagged
from variate.torch.nets.scaling import scaled
from variate.torch.nets.transformer import sinusoids


@pytest.fixture(autouse=True)
def own_generator():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


@pytest.mark.parametrize(("likelihood", "size"), [("student_t", 3), ("gaussian", 2), ("negative_binomial", 2)])
def test_number_of_parameters(likelihood, size):
    def want(width, layers, inputs):
        attention, norm = 4 * (width * width + width), 2 * width
        inner = width * 4 * width + 4 * width + 4 * width * width + width
        encoder, decoder = attention + inner + 2 * norm, 2 * attention + inner + 3 * norm
        return (inputs + 1) * width + layers * (encoder + decoder) + (width + 1) * size

    def count(net):
        return sum(p.numel() for p in net.parameters())

    assert count(TransformerForecaster(96, 48, likelihood=likelihood)) == want(32, 1, 1)
    other = TransformerForecaster(96, 48, width=12, heads=3, layers=3, lags=(2, 24), likelihood=likelihood)
    assert count(other) == want(12, 3, 3)


@pytest.mark.parametrize("width", [1, 2, 5, 8])
def test_positions(width):
    got = sinusoids(300, width)
    assert got.shape == (300, width)
    for t in (0, 1, 7, 299):
        for j in range(width):
            angle = t / 10000 ** (2 * (j // 2) / width)
            assert got[t, j].item() == pytest.approx(math.cos(angle) if j % 2 else math.sin(angle), abs=1e-6)


def load(theirs, ours):
    """Copy our attention's weights into torch's."""
    query, both = ours.query, ours.key_value
    theirs.in_proj_weight.data = torch.cat([query.weight, both.weight])
    theirs.in_proj_bias.data = torch.cat([query.bias, both.bias])
    theirs.out_proj.load_state_dict(ours.out.state_dict())


def torchs(layer, kind, width, heads):
    """Return torch's own layer, which normalises after each sum by default, with our weights."""
    theirs = kind(width, heads, 4 * width, dropout=0.0, batch_first=True)
    load(theirs.self_attn, layer.own)
    theirs.linear1.load_state_dict(layer.inner[0].state_dict())
    theirs.linear2.load_state_dict(layer.inner[2].state_dict())
    theirs.norm1.load_state_dict(layer.after_own.state_dict())
    if kind is torch.nn.TransformerDecoderLayer:
        load(theirs.multihead_attn, layer.other)
        theirs.norm2.load_state_dict(layer.after_other.state_dict())
        theirs.norm3.load_state_dict(layer.after_inner.state_dict())
    else:
        theirs.norm2.load_state_dict(layer.after_inner.state_dict())
    return theirs


def test_the_network_is_that_of_torchs_layers():
    """Embedding, positions that go on, two encoder and two decoder layers, the causal mask, the head."""
    past, horizon, width, heads = 11, 5, 12, 3
    net = TransformerForecaster(past, horizon, width=width, heads=heads, layers=2, lags=(4,), dropout=0.0)
    for p in net.parameters():
        torch.nn.init.normal_(p, std=0.5)
    readings = torch.randn(3, past + horizon - 1)
    known = lagged(readings, (4,))
    x, y = known[:, :past], known[:, past - 1 :]
    x, y = net.embed(x) + sinusoids(past, width), net.embed(y) + sinusoids(past + horizon, width)[past - 1 : -1]
    for layer in net.encoder:
        x = torchs(layer, torch.nn.TransformerEncoderLayer, width, heads)(x)
    mask = torch.nn.Transformer.generate_square_subsequent_mask(horizon)
    for layer in net.decoder:
        y = torchs(layer, torch.nn.TransformerDecoderLayer, width, heads)(y, x, tgt_mask=mask)
    torch.testing.assert_close(net(readings), net.head(y), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("lags", [(), (3, 9)])
def test_a_step_does_not_see_what_comes_after(lags):
    net = TransformerForecaster(9, 5, width=8, heads=2, lags=lags).eval()
    x = torch.randn(2, 13)
    before = net(x)
    for changed in range(13):
        other = x.clone()
        other[:, changed] += 1
        after = net(other)
        blind = torch.arange(8, 13) < changed  # what each step of the horizon knows ends here
        torch.testing.assert_close(after[:, blind], before[:, blind], rtol=0, atol=1e-6)
        assert ((after[:, ~blind] - before[:, ~blind]).abs().amax(dim=(0, 2)) > 1e-5).all()


@pytest.mark.parametrize("likelihood", ["student_t", "gaussian", "negative_binomial"])
def test_the_loss_is_that_of_the_horizon(likelihood):
    net = TransformerForecaster(9, 4, width=8, heads=2, likelihood=likelihood).eval()
    x = torch.randn(3, 1, 13).abs() * 4
    unit = x[:, 0, :9].mean(dim=1, keepdim=True)
    readings = x[:, 0] / unit
    raw = net(readings[:, :12])
    costs = [-net.likelihood.of(raw[:, h], unit[:, 0]).log_prob(readings[:, 9 + h]) for h in range(4)]
    torch.testing.assert_close(net.loss(x), torch.stack(costs).mean())


@pytest.mark.parametrize("likelihood", ["student_t", "gaussian", "negative_binomial"])
def test_paths_are_what_feeding_back_each_draw_gives(likelihood):
    """The oracle keeps no keys and values: for each step it puts every path through the whole network again."""
    past, horizon = 9, 5
    net = TransformerForecaster(past, horizon, width=8, heads=2, layers=2, lags=(3, 9), likelihood=likelihood).eval()
    x = (torch.randn(2, past) * 9).abs().round()
    _, unit = scaled(x, "mean")
    with torch.no_grad():
        got = net._paths(x / unit, unit, 7, torch.Generator().manual_seed(5))
        stream = torch.Generator().manual_seed(5)
        paths = torch.full((2, 7, past + horizon), 1e3)  # no step may look at what is not drawn yet
        paths[..., :past] = (x / unit)[:, None]
        for h in range(horizon):
            raw = torch.stack([net(path[:, :-1])[:, h] for path in paths])
            paths[..., past + h] = net.likelihood.of(raw, unit).sample(stream)
    torch.testing.assert_close(got, paths[..., past:], rtol=1e-4, atol=1e-4)
    assert (got.std(dim=1) > 0).all()


def test_dropout_acts_on_inputs_and_on_what_is_added():
    net = TransformerForecaster(9, 4, width=8, heads=2, dropout=0.4)
    parts = {net.dropout: 2, net.encoder[0].dropout: 2, net.decoder[0].dropout: 3}  # both sides' inputs; each layer's sums
    calls = dict.fromkeys(parts, 0)

    def count(part, given, out):
        calls[part] += 1

    for part in parts:
        assert part.p == 0.4
        part.register_forward_hook(count)
    x = torch.randn(3, 12)
    first = net(x)
    assert calls == parts
    assert not torch.equal(net(x), first)
    assert torch.equal(net.eval()(x), net(x))


def test_it_learns_a_sine():
    t = torch.arange(32 + 8)
    x = torch.stack([5 * torch.sin(2 * torch.pi * (t + shift) / 16) for shift in range(0, 16, 2)])[:, None]
    net = TransformerForecaster(32, 8, width=16, heads=4, dropout=0.0)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.005)
    first = net.loss(x).item()
    for _ in range(150):
        optimizer.zero_grad()
        loss = net.loss(x)
        loss.backward()
        optimizer.step()
    assert loss.item() < first - 1.5, "a deviation less than a quarter"
    assert (net.forecast(x[..., :32]) - x[..., 32:]).abs().mean() < 0.15 * x.abs().mean()


def test_what_is_refused():
    with pytest.raises(ParameterError, match=r"\(width=30, heads=8\): width must be a multiple of heads"):
        TransformerForecaster(20, 6, width=30)
    with pytest.raises(ParameterError, match=r"TransformerForecaster\(heads=0\)"):
        TransformerForecaster(20, 6, heads=0)
