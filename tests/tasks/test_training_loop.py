"""The one training loop: schedules, looks, checkpoints that change no bit, and randomness that stays its own."""

import itertools
import math
import os
import pickle
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from variate.core.errors import VariateError
from variate.tasks import training as module
from variate.tasks.training import Batches, Training, check_device, digest, made, train

GOES = Training(steps=12, rate=0.01, looks=4)


class Killed(Exception):
    """Stands for whatever ends a program."""


class Lone(nn.Module):
    """One weight; with itself as the loss its gradient is 1, and each step of Adam is as long as the rate."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros((), dtype=torch.float64))


def walked(training, steps, score=None):
    """Return how long each step was."""
    net, seen = Lone(), [0.0]
    train(net, lambda _: net.weight, training, steps=steps, score=score, on_step=lambda: seen.append(net.weight.item()))
    return [before - after for before, after in itertools.pairwise(seen)]


def dropping():
    """Return a network with dropout and statistics of its own: all that a checkpoint has to bring back."""
    return nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 1))


def problem(seed=0):
    """Return a network and the functions that train it, made anew as after a restart."""
    net = made(dropping, seed)
    asked = []

    def loss(step):
        asked.append(step)
        x = torch.from_numpy(np.random.default_rng((seed, step)).normal(size=(6, 3)).astype(np.float32))
        return (net(x) - x.sum(dim=1, keepdim=True)).square().mean()

    x = torch.linspace(-1, 1, 15).reshape(5, 3)
    return SimpleNamespace(net=net, loss=loss, score=lambda: float(net(x).square().mean()), asked=asked)


def went(training=GOES, seed=0, **how):
    """Train the problem; return the network's digest, what training came to, and which steps were asked for."""
    made_ = problem(seed)
    looked = made_.score if training.looks else None
    found = train(made_.net, made_.loss, training, steps=training.steps, seed=seed, score=looked, **how)
    return digest(made_.net), found, made_.asked


@pytest.mark.parametrize("looks", [0, 4])
def test_cosine_falls_to_nothing(looks):
    """Breaks where the cosine begins late, ends early, or hangs on the looks."""
    score = (lambda: 1.0) if looks else None
    found = walked(Training(rate=0.25, schedule="cosine", looks=looks), 8, score)
    assert found == pytest.approx([0.25 * (1 + math.cos(math.pi * k / 8)) / 2 for k in range(8)], rel=1e-6)


@pytest.mark.parametrize("looks", [0, 3])
def test_halving_halves_after_each_tenth(looks):
    """Breaks where the rate is halved a step early or late, each step, or by the looks."""
    score = (lambda: 1.0) if looks else None
    found = walked(Training(rate=0.25, schedule="halving", looks=looks), 20, score)
    assert found == pytest.approx([0.25 * 0.5 ** (k // 2) for k in range(20)], rel=1e-6)


def test_constant_stays():
    """Breaks where a rate that should stay is moved."""
    assert walked(Training(rate=0.25, schedule="constant", looks=2), 6, lambda: 1.0) == pytest.approx([0.25] * 6, rel=1e-6)


def test_looks_are_spread_evenly_and_the_last_is_at_the_end():
    """Breaks where the end is not looked at, so that the last steps are for nothing, or a look comes twice."""
    assert sorted(Training(looks=4).look_at(12)) == [3, 6, 9, 12]
    assert sorted(Training(looks=3).look_at(10)) == [3, 7, 10]
    assert Training(looks=0).look_at(10) == frozenset()
    for looks, steps in itertools.product(range(1, 9), range(1, 30)):
        found = {at for at in Training(looks=looks).look_at(steps) if at}
        assert max(found) == steps
        assert len(found) == min(looks, steps)


def test_passes_are_counted_over_whole_batches():
    """Breaks where a pass has a step for a short last batch, or a set smaller than a batch has none."""
    training = Training(steps=7, epochs=3, batch=32)
    assert [training.length(n) for n in (5, 32, 63, 64, 100)] == [3, 3, 3, 6, 9]
    assert Training(steps=7, batch=32).length(1000) == 7


def scripted(scores, training=None, steps=12):
    """Train a lone weight whose looks have these scores; return the weight, what training came to, and those looked at."""
    net, at, values = Lone(), [], iter(scores)

    def score():
        at.append(net.weight.item())
        return next(values)

    found = train(net, lambda _: net.weight, training or GOES, steps=steps, score=score)
    return net.weight.item(), found, at


@pytest.mark.parametrize(
    ("scores", "best"),
    [([4, 1, 2, 3], 1), ([4, 3, 2, 1], 3), ([1, 2, 3, 4], 0), ([2, 1, 1, 1], 1), ([math.nan, 3, math.inf, 3], 1)],
)
def test_the_weights_of_the_best_look_are_kept(scores, best):
    """Breaks where the last weights stay, a tie takes the later look, or a score that is no number counts as best."""
    weight, found, at = scripted(scores)
    assert weight == at[best]
    assert (found.steps, found.best) == (12, 3 * (best + 1))
    assert found.scores == tuple(score if math.isfinite(score) else math.inf for score in scores)
    assert found.facts == {"steps": 12, "best": 3 * (best + 1), "looks": list(found.scores)}


def test_without_looks_the_last_weights_stay():
    """Breaks where the score is asked for without looks, or the best step is not the last."""
    net = Lone()
    found = train(net, lambda _: net.weight, Training(rate=0.5, schedule="constant"), steps=4, score=pytest.fail)
    assert (found.steps, found.best, found.scores) == (4, 4, ())
    assert net.weight.item() == pytest.approx(-2.0, rel=1e-6)


@pytest.mark.parametrize(("patience", "looks", "best"), [(1, 3, 2), (2, 6, 4), (3, 7, 4), (0, 8, 8)])
def test_patience_ends_training_after_looks_without_a_better_score(patience, looks, best):
    """Breaks where patience counts looks from the start, is not reset by a better one, or gives up a look late."""
    scores = [5, 4, 4.5, 3, 3.5, 3.5, 3.5, 2]
    _, found, at = scripted(scores, Training(looks=8, patience=patience), steps=16)
    assert len(at) == looks
    assert (found.steps, found.best) == (2 * looks, 2 * best)


def test_a_loss_that_is_no_number_is_told():
    """Breaks where training goes on with weights that are no numbers, or the sentence names another step."""
    for wrong in (math.nan, math.inf):
        net = Lone()
        with pytest.raises(VariateError, match=rf"the loss is {wrong} in step 3; lower the rate, or look at the data"):
            train(net, lambda k, net=net, wrong=wrong: net.weight + (wrong if k == 2 else 0), Training(), steps=9)
        assert math.isfinite(net.weight.item())


def test_modes_of_the_network():
    """Breaks where it is trained without dropout, scored with it, scored with gradients, or left in training mode."""
    made_, seen = problem(), []

    def loss(step):
        seen.append(("loss", made_.net.training, torch.is_grad_enabled()))
        return made_.loss(step)

    def score():
        seen.append(("score", made_.net.training, torch.is_grad_enabled()))
        return 1.0

    train(made_.net, loss, Training(looks=2), steps=4, score=score)
    assert set(seen) == {("loss", True, True), ("score", False, False)}
    assert [name for name, _, _ in seen] == ["loss", "loss", "score"] * 2
    assert not made_.net.training


@pytest.mark.parametrize("how", ["whole", "killed", "wrong"])
def test_the_global_generators_and_threads_stay_as_they_were(how, monkeypatch):
    """Breaks where training seeds for the rest of the program, also when it fails, or seeds devices that it does not use."""
    for name in ("manual_seed", "manual_seed_all"):
        monkeypatch.setattr(torch.cuda, name, lambda _: pytest.fail("a network on the CPU has no use for CUDA"))
    torch.default_generator.manual_seed(5)
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    before = torch.get_rng_state()
    made_ = problem()
    if how == "whole":
        train(made_.net, made_.loss, GOES, steps=12, score=made_.score)
    else:
        loss, error = (
            (made_.loss, Killed) if how == "killed" else (lambda _: made_.net[0].weight.sum() * math.nan, VariateError)
        )
        with pytest.raises(error):
            train(made_.net, loss, GOES, steps=12, score=made_.score, on_step=_kill_after(3))
    assert torch.equal(before, torch.get_rng_state())
    assert torch.get_num_threads() == 2
    torch.set_num_threads(threads)


def test_what_is_random_in_a_step_follows_from_seed_and_step():
    """Breaks where dropout draws from the global generator, is the same in each step, or hangs on what was drawn before."""

    def drawn(seed, before):
        torch.default_generator.manual_seed(before)
        found, net = [], Lone()

        def loss(step):
            found.append(torch.rand(2).tolist())
            if step % 2:
                torch.rand(before)  # a step may draw any number
            return net.weight

        train(net, loss, Training(), steps=4, seed=seed)
        return found

    one = drawn(3, 1)
    assert one == drawn(3, 7)
    assert len({tuple(pair) for pair in one + drawn(4, 1)}) == 8


def _kill_after(steps):
    left = itertools.count(steps - 1, -1)

    def on_step():
        if next(left) == 0:
            raise Killed

    return on_step


@pytest.mark.parametrize("training", [GOES, Training(steps=12, rate=0.01), Training(steps=12, looks=6, patience=1)], ids=str)
@pytest.mark.parametrize("schedule", ["cosine", "halving"])
@pytest.mark.parametrize("steps", [[1], [2], [5], [11], [4, 3, 2]], ids=str)
def test_training_that_was_killed_goes_on_to_the_same_bits(tmp_path, monkeypatch, training, schedule, steps):
    """Breaks where a checkpoint lacks weights, moments, statistics, looks or the best weights, or dropout draws anew."""
    training = Training(**{**vars(training), "schedule": schedule})
    weights, found, asked = went(training)
    monkeypatch.setattr(module, "EVERY", 0.0)
    keep = tmp_path / "checkpoints" / "one.pt"
    reached = 0
    for count in steps:
        if reached + count > found.steps:
            break
        with pytest.raises(Killed):
            went(training, keep=keep, on_step=_kill_after(count))
        reached += count - 1  # the state of the step that was killed is not on the disk
    assert keep.exists() == (reached > 0)
    assert went(training, keep=keep) == (weights, found, asked[reached:])
    assert list(keep.parent.glob("*")) == []


def test_a_checkpoint_in_the_middle_of_everything(tmp_path, monkeypatch):
    """Breaks where an error inside the loss or the score leaves another state than one between steps."""
    weights, found, _ = went()
    monkeypatch.setattr(module, "EVERY", 0.0)
    keep = tmp_path / "one.pt"
    for name in ("loss", "score"):
        made_ = problem()
        real, calls = getattr(made_, name), itertools.count(1)

        def now(*args, real=real, calls=calls):
            if next(calls) == 2:
                raise Killed
            return real(*args)

        setattr(made_, name, now)
        with pytest.raises(Killed):
            train(made_.net, made_.loss, GOES, steps=12, score=made_.score, keep=keep)
    assert went(keep=keep)[:2] == (weights, found)


def test_checkpoints_are_written_from_time_to_time_and_not_at_each_step(tmp_path, monkeypatch):
    """Breaks where a short training writes to the disk, or a long one never does."""
    keep, clock, saved = tmp_path / "one.pt", iter(range(100)), []
    with pytest.raises(Killed):
        went(keep=keep, on_step=_kill_after(12))
    assert not keep.exists()
    monkeypatch.setattr(module, "EVERY", 3.0)
    monkeypatch.setattr(module.time, "monotonic", lambda: next(clock))
    real = torch.save
    monkeypatch.setattr(torch, "save", lambda held, stream: saved.append(held["step"]) or real(held, stream))
    went(keep=keep)
    assert saved == [3, 6, 9, 12]
    assert not keep.exists()


class Told:
    """What would tell if a checkpoint were unpickled."""

    def __reduce__(self):
        return exec, ("import os; os.environ['UNPICKLED'] = 'yes'",)


def _whole(tmp_path):
    """Return the bytes of a checkpoint after five steps of the problem."""
    keep = tmp_path / "whole.pt"
    with pytest.raises(Killed):
        went(keep=keep, on_step=_kill_after(6))
    return keep.read_bytes()


def _changed(change):
    def damage(path, whole):
        path.write_bytes(whole)
        held = torch.load(path, weights_only=True)
        change(held)
        torch.save(held, path)

    return damage


def _other(held):
    held["net"]["3.bias"] = torch.zeros(7)  # the layers before it fit, and are loaded before this is found
    held["net"]["0.weight"] += 1


DAMAGE = {
    "empty": lambda path, whole: path.write_bytes(b""),
    "text": lambda path, whole: path.write_text("no checkpoint"),
    "cut": lambda path, whole: path.write_bytes(whole[: len(whole) // 2]),
    "zeros": lambda path, whole: path.write_bytes(bytes(len(whole))),
    "code": lambda path, whole: path.write_bytes(pickle.dumps(Told())),
    "no network": _changed(lambda held: held.pop("net")),
    "no moments": _changed(lambda held: held.pop("adam")),
    "no looks": _changed(lambda held: held.pop("scores")),
    "another network": _changed(_other),
    "another optimiser": _changed(lambda held: held["adam"]["param_groups"].append(held["adam"]["param_groups"][0])),
    "no mapping": lambda path, whole: torch.save([1, 2], path),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_training_begins_again_where_its_checkpoint_is_damaged(tmp_path, monkeypatch, damage):
    """Breaks where a file that was cut off ends all later runs of a cell, half of it is taken, or code in it runs."""
    wanted = went()
    monkeypatch.setattr(module, "EVERY", 0.0)
    keep = tmp_path / "one.pt"
    DAMAGE[damage](keep, _whole(tmp_path))
    assert went(keep=keep) == wanted
    assert not keep.exists()
    assert "UNPICKLED" not in os.environ


def test_a_network_follows_from_its_seed_alone():
    """Breaks where first weights hang on the global generator or move it."""
    torch.default_generator.manual_seed(1)
    one, state = digest(made(dropping, 3)), torch.get_rng_state()
    torch.rand(5)
    assert digest(made(dropping, 3)) == one
    torch.default_generator.manual_seed(1)
    assert torch.equal(state, torch.get_rng_state())
    assert digest(made(dropping, 4)) != one


def test_a_digest_sees_every_bit():
    """Breaks where a layer or the statistics of a network are left out of its digest."""
    net = made(dropping, 0)
    seen = {digest(net)}
    for name, value in net.state_dict().items():
        flat = value.view(-1)
        flat[-1] = torch.nextafter(flat[-1], torch.tensor(9.0)) if value.is_floating_point() else flat[-1] + 1
        seen.add(digest(net))
        assert digest(net) == digest(net), name
    assert len(seen) == 1 + len(net.state_dict())


@pytest.mark.parametrize(("n", "size"), [(7, 3), (6, 3), (3, 8), (1, 1), (10, 10)])
def test_batches_go_through_all_but_a_short_rest_in_another_order_each_pass(n, size):
    """Breaks where a pass shows a sample twice, a pass is as long as its short batch, or passes share an order."""
    batches, each = Batches(n, size, seed=2), max(1, n // size)
    passes = []
    for epoch in range(1, 5):
        found = [batches(step) for step in range((epoch - 1) * each, epoch * each)]
        assert {number for number, _ in found} == {epoch}
        positions = [position for _, some in found for position in some.tolist()]
        assert len(positions) == len(set(positions)) == each * min(size, n)
        assert set(positions) <= set(range(n))
        passes.append(tuple(positions))
    assert n < 6 or len(set(passes)) == 4


def test_a_batch_is_the_same_wherever_one_begins():
    """Breaks where batches hang on the steps before, so that training that goes on sees others; or on the global generator."""
    one = Batches(20, 6, seed=5)
    found = {step: one(step)[1].tolist() for step in range(12)}
    torch.default_generator.manual_seed(9)
    for step in (11, 0, 7):
        assert Batches(20, 6, seed=5)(step)[1].tolist() == found[step]
    assert Batches(20, 6, seed=6)(0)[1].tolist() != found[0]


def test_a_device_that_is_not_there_is_told():
    """Breaks where the first network of a run dies inside torch."""
    check_device("cpu")
    for device in ("cuda:99", "nonsense"):
        with pytest.raises(VariateError, match=rf"device '{device}' cannot be used \(.+\); take cpu") as caught:
            check_device(device)
        assert "\n" not in str(caught.value)
