"""Augment: active in training only, one sequence from a seed, and the counter that keeps it."""

import copy
import io
import pickle
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import nn

import variate
from variate.core.errors import DrawError, PanelError
from variate.families.label import LabelTransform
from variate.torch import FCN, Augment

AUG = variate.Compose(variate.Jitter(sigma=0.2), variate.TimeWarp(), variate.Scaling(p=0.5))
X = torch.from_numpy(np.random.default_rng(0).normal(size=(5, 3, 40)).astype(np.float32))


@dataclass(frozen=True, kw_only=True)
class Soften(LabelTransform):
    """Class 0 … 2 to class weights."""

    def relabel(self, panel, rng):
        return panel.replace(label=(0.9 * np.eye(3)[panel.label]).astype(np.float32))


def test_every_step_in_training_is_an_epoch():
    layer = Augment(AUG, seed=5)
    for step in range(3):
        assert layer.step.item() == step
        assert torch.equal(layer(X), AUG(X, seed=5, epoch=step))
    assert torch.equal(Augment(AUG)(X[:, 0]), AUG(X[:, 0], seed=0, epoch=0))
    assert not torch.equal(layer(X), layer(X))


def test_in_evaluation_the_very_same_objects_come_back():
    layer = Augment(AUG).eval()
    y, panel = torch.arange(5), variate.Panel(X.numpy())
    assert layer(X) is X
    assert layer(panel) is panel
    pair = layer(X, y)
    assert (type(pair), pair[0] is X, pair[1] is y) == (tuple, True, True)
    assert layer.step.item() == 0
    assert torch.equal(layer.train()(X), AUG(X, seed=0, epoch=0))


@pytest.mark.parametrize("assign", [False, True])
def test_a_resumed_run_goes_on_with_the_sequence(assign):
    model = nn.Sequential(Augment(AUG, seed=2), FCN(channels=3, classes=2, width=4))
    for _ in range(3):
        model(X)
    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    file.seek(0)
    resumed = nn.Sequential(Augment(AUG, seed=2), FCN(channels=3, classes=2, width=4))
    resumed.load_state_dict(torch.load(file, weights_only=True), assign=assign)
    for step in (3, 4):
        want = AUG(X, seed=2, epoch=step)
        assert torch.equal(resumed[0](X), want)
        assert torch.equal(model[0](X), want)


def test_copies_have_a_counter_of_their_own():
    layer = Augment(AUG, seed=2)
    layer(X)
    for other in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert repr(other) == repr(layer)
        assert torch.equal(other(X), AUG(X, seed=2, epoch=1))
        assert torch.equal(other(X), AUG(X, seed=2, epoch=2))
    assert layer.step.item() == 1


@pytest.mark.parametrize("move", [nn.Module.half, nn.Module.double, lambda m: m.to("cpu", torch.bfloat16), lambda m: m.cpu()])
def test_the_counter_stays_an_integer_where_the_model_moves(move):
    layer = Augment(AUG, seed=2)
    layer(X)
    moved = move(layer)
    assert moved.step.dtype == torch.int64
    assert torch.equal(moved(X), AUG(X, seed=2, epoch=1))


def test_the_counter_follows_to_another_device():
    layer = Augment(AUG).to("meta")
    assert layer.step.device.type == "meta"
    assert dict(layer.named_buffers()).keys() == {"step"}
    assert not list(layer.parameters())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_the_dtype_stays(dtype):
    out = Augment(AUG)(X.to(dtype))
    assert out.dtype == dtype
    assert torch.equal(out, AUG(X.to(dtype), seed=0, epoch=0))


def test_the_input_is_not_written_to():
    before = X.clone()
    for aug in (AUG, variate.Identity()):
        Augment(aug)(X).zero_()
    assert torch.equal(X, before)


def test_labels_and_ids_go_with_the_series():
    y = torch.tensor([2, 0, 1, 1, 0], dtype=torch.int32)
    x_new, y_new = Augment(AUG, seed=3)(X, y)
    assert torch.equal(x_new, AUG(X, seed=3, epoch=0))
    assert torch.equal(y_new, y)
    assert y_new.dtype == torch.int32
    soft = Augment(Soften())(X, y)[1]
    assert soft.shape == (5, 3)
    nn.functional.cross_entropy(torch.zeros(5, 3), soft)
    order, names = [3, 1, 4, 0, 2], np.array(list("abcde"))
    whole = Augment(AUG, seed=3)(X, ids=names)
    assert torch.equal(Augment(AUG, seed=3)(X[order], ids=names[order]), whole[order])
    assert not torch.equal(whole, x_new)


def test_a_panel_comes_back_as_a_panel():
    panel = variate.Panel(X, label=[0, 1, 2, 0, 1], points=torch.arange(40).expand(5, 40) == 7)
    layer = Augment(variate.Spike(count=2, mark=True, low=1.0), seed=1)
    for step in (0, 1):
        out, want = layer(panel), layer.aug(panel, seed=1, epoch=step)
        assert torch.equal(out.values, want.values)
        assert torch.equal(out.points, want.points)
        assert out.label is not None


def test_gradients_flow_through_it():
    x = X.clone().requires_grad_()
    Augment(AUG, seed=4)(x).square().sum().backward()
    other = X.clone().requires_grad_()
    AUG(other, seed=4, epoch=0).square().sum().backward()
    assert torch.equal(x.grad, other.grad)
    model = nn.Sequential(nn.Conv1d(3, 2, 1), Augment(variate.Scaling()), nn.Flatten(), nn.Linear(80, 1))
    model(X).sum().backward()
    assert model[0].weight.grad.abs().sum() > 0


def test_a_compiled_model_draws_the_same():
    model = nn.Sequential(Augment(AUG, seed=6), nn.Flatten())
    compiled = torch.compile(model, backend="eager")
    for step in range(3):
        assert torch.equal(compiled(X), AUG(X, seed=6, epoch=step).flatten(1))
    assert torch.equal(compiled.eval()(X), X.flatten(1))
    assert model[0].step.item() == 3


def test_it_trains():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = nn.Sequential(Augment(variate.Jitter(sigma=0.1)), FCN(channels=1, classes=2, width=8))
    x = torch.sin(torch.arange(30.0)) * torch.tensor([1.0, -1.0]).repeat(4)[:, None, None]
    y = torch.tensor([0, 1] * 4)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(30):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
    assert model[0].step.item() == 30
    assert torch.equal(model.eval()(x).argmax(dim=1), y)


def test_repr_names_the_transform_and_the_seed():
    assert repr(Augment(variate.Jitter(sigma=0.05), seed=7)) == "Augment(Jitter(sigma=0.05), seed=7)"


def test_without_a_seed_one_is_drawn():
    one, two = Augment(AUG, seed=None), Augment(AUG, seed=None)
    assert one.seed != two.seed
    assert str(one.seed) in repr(one)
    assert torch.equal(one(X), AUG(X, seed=one.seed, epoch=0))
    before = torch.get_rng_state()
    two(X)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_call_that_raises_is_no_step():
    layer = Augment(AUG)
    with pytest.raises(PanelError, match="values hold inf"):
        layer(X * torch.inf)
    assert layer.step.item() == 0


def test_what_is_refused():
    for aug, sentence in ((variate.Jitter, r"make one: Jitter\(\)"), ([AUG], "Compose"), (nn.ReLU(), "variate transform")):
        with pytest.raises(PanelError, match=rf"^Augment: aug is .*{sentence}"):
            Augment(aug)
    with pytest.raises(DrawError, match=r"seed is 0\.5"):
        Augment(AUG, seed=0.5)
    with pytest.raises(PanelError, match="y has 2 entries"):
        Augment(AUG)(X, torch.tensor([0, 1]))
    with pytest.raises(PanelError, match="put it into the panel"):
        Augment(AUG)(variate.Panel(X), torch.arange(5))
