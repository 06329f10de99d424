"""UNet: size, shapes at any length, its formula, masks, what crosses the levels, and that it learns."""

import numpy as np
import pytest
import torch

from variate.core.errors import PanelError, ParameterError
from variate.torch import UNet

LENGTHS = [1, 2, 3, 17, 64, 255, 256, 1000]


@pytest.fixture(autouse=True)
def own_generator():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def settled(*args, **kwargs):
    """A small net in evaluation, whose batch norm has statistics and weights other than 0 and 1."""
    net = UNet(*args, **kwargs).double()
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm1d):
            for values, low in (
                (module.running_mean, -1),
                (module.running_var, 0.5),
                (module.weight, 0.5),
                (module.bias, -0.5),
            ):
                torch.nn.init.uniform_(values, low, low + 1.5)
    return net.eval()


def literal(net, x):
    """The net in NumPy, padded with zeros up to a multiple of pool^(levels-1) and read up to the last observed step."""
    state = {name: value.detach().numpy() for name, value in net.state_dict().items()}
    pool, levels = net.pool, len(net.down)
    length = x.shape[1]
    whole = -(-length // pool ** (levels - 1)) * pool ** (levels - 1)

    def zeroed(x, level):
        out = x.copy()
        out[:, -(-length // pool**level) :] = 0
        return out

    def conv(x, name):
        weight, bias = state[f"{name}.weight"], state[f"{name}.bias"]
        out = np.zeros((len(weight), x.shape[1]))
        for o, t in np.ndindex(*out.shape):
            reach = [(k, t + k - weight.shape[2] // 2) for k in range(weight.shape[2])]
            out[o, t] = bias[o] + sum(weight[o, :, k] @ x[:, s] for k, s in reach if 0 <= s < x.shape[1])
        return out

    def pair(x, name, level):
        for layer in range(2):
            x = conv(x, f"{name}.layers.{layer}.0")
            mean, var, weight, bias = (
                state[f"{name}.layers.{layer}.1.{part}"][:, None] for part in ("running_mean", "running_var", "weight", "bias")
            )
            x = zeroed(np.maximum((x - mean) / np.sqrt(var + 1e-5) * weight + bias, 0), level)
        return x

    x, skips = np.pad(x, ((0, 0), (0, whole - length))), []
    for level in range(levels):
        if level:
            x = x.reshape(len(x), -1, pool).max(axis=2)
        x = pair(x, f"down.{level}", level)
        skips.append(x)
    for level in reversed(range(levels - 1)):
        x = zeroed(conv(zeroed(x.repeat(pool, axis=1), level), f"rise.{level}"), level)
        x = pair(np.concatenate([skips[level], x]), f"up.{level}", level)
    return conv(x, "head")[0, :length]


def pair_size(a, b):
    return 3 * a * b + 3 * b * b + 2 * b + 4 * b  # two convolutions with their biases, two batch norms


@pytest.mark.parametrize(("channels", "width", "levels"), [(1, 16, 5), (3, 4, 3), (2, 5, 1), (1, 8, 2)])
def test_number_of_parameters(channels, width, levels):
    w = [width * 2**i for i in range(levels)]
    want = pair_size(channels, w[0]) + sum(pair_size(w[i - 1], w[i]) for i in range(1, levels))
    want += sum(3 * w[i + 1] * w[i] + w[i] + pair_size(2 * w[i], w[i]) for i in range(levels - 1))
    want += width + 1
    net = UNet(channels, width, levels)
    assert sum(p.numel() for p in net.parameters() if p.requires_grad) == want


def test_the_default_levels_have_16_to_256_channels_and_a_1024th_becomes_a_256th():
    net, seen = UNet(channels=2), []
    for pair in net.down:
        pair.register_forward_hook(lambda module, args, out: seen.append(tuple(out.shape[1:])))
    assert net(torch.randn(2, 2, 1024)).shape == (2, 1024)
    assert seen == [(16, 1024), (32, 256), (64, 64), (128, 16), (256, 4)]


@pytest.mark.parametrize("length", LENGTHS)
def test_any_length_gives_a_logit_per_step(length):
    net = UNet(channels=3, width=2)
    assert net(torch.randn(2, 3, length)).shape == (2, length)
    mask = torch.rand(2, length) > 0.3
    assert net(torch.randn(2, 3, length), mask).shape == (2, length)
    assert net.eval()(torch.randn(1, 3, length)).shape == (1, length)
    assert net(torch.randn(0, 3, length)).shape == (0, length)
    assert UNet(channels=1, width=2)(torch.randn(2, length)).shape == (2, length)


@pytest.mark.parametrize(("levels", "pool"), [(1, 4), (2, 3), (3, 2), (4, 2), (3, 1)])
@pytest.mark.parametrize("length", [1, 2, 8, 13])
def test_forward_is_the_formula(levels, pool, length):
    net, x = settled(2, 2, levels, pool), torch.randn(3, 2, length).double()
    want = torch.from_numpy(np.stack([literal(net, row) for row in x.numpy()]))
    torch.testing.assert_close(net(x), want)


@pytest.mark.parametrize("longer", [1, 4, 9, 40])
def test_a_mask_makes_padding_invisible(longer):
    net, x = settled(2, 4, 3, 2), torch.randn(3, 2, 21).double()
    padded, mask = torch.full((3, 2, 21 + longer), torch.nan).double(), torch.zeros(3, 21 + longer, dtype=torch.bool)
    padded[..., :21], mask[:, :21] = x, True
    out = net(padded, mask)
    torch.testing.assert_close(out[:, :21], net(x))
    assert torch.equal(out[:, 21:], net.head.bias.expand(3, longer))
    torch.testing.assert_close(net(x, mask[:, :21]), net(x))


def test_what_was_not_observed_is_not_read():
    net, x = settled(2, 4, 3, 2), torch.randn(2, 2, 30).double()
    mask = torch.ones(2, 30, dtype=torch.bool)
    mask[:, 7:19] = False  # a gap longer than a step of the deepest level
    other = x.clone()
    other[:, :, 7:19] = 1000
    assert torch.equal(net(other, mask), net(x, mask))
    assert not torch.allclose(net(x, mask)[:, 19:], net(x)[:, 19:])


def test_in_evaluation_rows_do_not_feel_each_other_and_their_order_is_kept():
    net, x, order = settled(2, 4, 3, 2), torch.randn(6, 2, 37).double(), [3, 0, 5, 1, 4, 2]
    out = net(x)
    torch.testing.assert_close(net(x[order]), out[order])
    torch.testing.assert_close(net(x[2:3]), out[2:3])
    wild = x.clone()
    wild[0] = 1e6
    torch.testing.assert_close(net(wild)[1:], out[1:])


def test_each_skip_and_the_way_through_the_depth_reach_the_output():
    net, x = settled(1, 4, 3, 2), torch.randn(2, 1, 40).double()
    out = net(x)
    for pair in net.up:
        first = pair.layers[0][0].weight
        half = first.shape[1] // 2
        for part in (slice(0, half), slice(half, None)):  # the skip, then what rose from below
            kept = first.detach().clone()
            with torch.no_grad():
                first[:, part] = 0
                assert not torch.allclose(net(x), out)
                first.copy_(kept)
    torch.testing.assert_close(net(x), out)


def test_the_first_half_of_a_decoder_pair_reads_its_level_and_not_what_rose():
    """With the rising half cut everywhere, no step sees further than the four convolutions of its own level."""
    net, x = settled(1, 4, 3, 2), torch.randn(1, 1, 40).double()
    other = x.clone()
    other[..., 20] += 5
    moved = (net(other) - net(x)).abs()[0] > 1e-9
    assert moved[:16].any()
    assert moved[25:].any()
    with torch.no_grad():
        net.up[0].layers[0][0].weight[:, 4:] = 0
    moved = (net(other) - net(x)).abs()[0] > 1e-9
    assert moved.any()
    assert not moved[:16].any()
    assert not moved[25:].any()


def test_it_overfits_the_points_of_four_windows():
    net = UNet(channels=1, width=8, levels=3, pool=4)
    x, y = torch.randn(4, 1, 50), (torch.rand(4, 50) < 0.15).float()
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    for _ in range(250):
        optimizer.zero_grad()
        loss = torch.nn.functional.binary_cross_entropy_with_logits(net(x), y)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.02
    assert torch.equal(net(x) > 0, y.bool())


def test_a_single_short_series_is_refused_in_training_alone():
    net = UNet(channels=1, width=2, levels=3, pool=2)
    with pytest.raises(PanelError, match="one series of 4 steps leaves one value per channel at the deepest level"):
        net(torch.randn(1, 1, 4))
    assert net(torch.randn(1, 1, 5)).shape == (1, 5)
    assert net(torch.randn(2, 1, 4)).shape == (2, 4)
    assert net.eval()(torch.randn(1, 1, 4)).shape == (1, 4)


def test_what_is_refused():
    for name in ("channels", "width", "levels", "pool"):
        with pytest.raises(ParameterError, match=rf"UNet\({name}=0\): {name} must be an integer of at least 1"):
            UNet(**{"channels": 1, name: 0})
    net = UNet(channels=2, width=2, levels=2)
    with pytest.raises(PanelError, match=r"x has shape \(4, 1, 9\); this UNet needs \(n, 2, time\)"):
        net(torch.zeros(4, 1, 9))
    with pytest.raises(PanelError, match=r"x has shape \(4, 9\)"):
        net(torch.zeros(4, 9))
    with pytest.raises(PanelError, match="time at least 1"):
        net(torch.zeros(4, 2, 0))
    with pytest.raises(PanelError, match=r"mask has shape \(4, 8\); x \(4, 2, 9\) needs \(4, 9\)"):
        net(torch.zeros(4, 2, 9), torch.ones(4, 8, dtype=torch.bool))
