"""FCN: size, shapes, masks, and that it learns."""

import pytest
import torch

from variate.core.errors import PanelError, ParameterError
from variate.torch import FCN


@pytest.fixture(autouse=True)
def own_generator():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def test_number_of_parameters():
    def count(net):
        return sum(p.numel() for p in net.parameters() if p.requires_grad)

    assert count(FCN(channels=1, classes=2)) == 264962
    assert count(FCN(channels=3, classes=5, width=16)) < 10_000


@pytest.mark.parametrize("length", [1, 2, 7, 50])
def test_shapes(length):
    net = FCN(channels=3, classes=4, width=8)
    assert net(torch.randn(5, 3, length)).shape == (5, 4)
    assert net.eval()(torch.randn(1, 3, length)).shape == (1, 4)
    assert FCN(channels=1, classes=4, width=8)(torch.randn(5, length)).shape == (5, 4)
    x = torch.randn(5, 3, length)
    for block, filters in zip(net.blocks, (8, 16, 8), strict=True):
        x = block(x)
        assert x.shape == (5, filters, length)


def test_same_padding_is_that_of_torch():
    net = FCN(channels=2, classes=3, width=4)
    x = torch.randn(3, 2, 11)
    conv = net.blocks[0][1]
    with pytest.warns(UserWarning, match="padding='same'"):  # of even kernels; why FCN pads by hand
        want = torch.nn.functional.conv1d(x, conv.weight, conv.bias, padding="same")
    torch.testing.assert_close(conv(net.blocks[0][0](x)), want)


def test_a_mask_makes_padding_invisible():
    net = FCN(channels=2, classes=3, width=8)
    for _ in range(5):  # statistics of the batch norm that are not 0 and 1
        net(torch.randn(16, 2, 20) * 3 + 1)
    net.eval()
    x = torch.randn(3, 2, 20)
    padded, mask = torch.full((3, 2, 26), torch.nan), torch.zeros(3, 26, dtype=torch.bool)
    padded[..., :20], mask[:, :20] = x, True
    torch.testing.assert_close(net(padded, mask), net(x))
    torch.testing.assert_close(net(x, torch.ones(3, 20, dtype=torch.bool)), net(x))
    assert torch.equal(net(x, torch.zeros(3, 20, dtype=torch.bool)), net.head.bias.expand(3, 3))


def test_it_overfits_eight_samples():
    net = FCN(channels=1, classes=2, width=16)
    x, y = torch.randn(8, 1, 32), torch.arange(8) % 2
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    for _ in range(60):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.05
    assert torch.equal(net.eval()(x).argmax(dim=1), y)


def test_what_is_refused():
    with pytest.raises(ParameterError, match=r"FCN\(width=0\)"):
        FCN(channels=1, classes=2, width=0)
    net = FCN(channels=2, classes=2, width=4)
    with pytest.raises(PanelError, match=r"needs \(n, 2, time\)"):
        net(torch.zeros(4, 1, 9))
    with pytest.raises(PanelError, match=r"needs \(4, 9\)"):
        net(torch.zeros(4, 2, 9), torch.ones(4, 8, dtype=torch.bool))
