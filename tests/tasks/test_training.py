import dataclasses
import subprocess
import sys

import numpy as np
import pytest
import torch

import variate
from variate.core.errors import PanelError, ParameterError
from variate.core.panel import Panel
from variate.tasks.fcn import FCNTraining, Standardiser, fit_and_test, split
from variate.transforms.magnitude.jitter import Jitter

SHORT = FCNTraining(steps=6, batch=8, width=8)


def panel(n=24, seed=0, offset=0.0):
    values = np.random.default_rng(seed).normal(offset, 1, (n, 2, 20))
    return Panel(values, label=np.arange(n) % 3, ids=np.arange(n) + 100, extra={"subject": np.arange(n) % 4})


def same(a, b):
    return (a.predicted == b.predicted).all() and (a.accuracy, a.macro_f1, a.start) == (b.accuracy, b.macro_f1, b.start)


class Watching(Jitter):
    """A Jitter that notes the epochs and ids it is called with."""

    def __call__(self, x, y=None, *, seed=None, epoch=0, ids=None, record=False):
        CALLS.append((seed, epoch, x.ids.tolist()))
        return super().__call__(x, y, seed=seed, epoch=epoch, ids=ids, record=record)


CALLS: list[tuple[int, int, list[int]]] = []


def weights_after(monkeypatch, aug):
    """Return the trained weights, which see every bit that accuracy is too coarse for."""
    from variate.torch import nets

    made, real = [], nets.FCN
    monkeypatch.setattr(nets, "FCN", lambda *a, **k: made.append(real(*a, **k)) or made[-1])
    outcome = fit_and_test(panel(), panel(seed=1), aug=aug, seed=3, training=SHORT)
    monkeypatch.setattr(nets, "FCN", real)
    return outcome, torch.nn.utils.parameters_to_vector(made[0].parameters()).detach()


def test_identity_is_no_transform_to_the_bit(monkeypatch):
    # Breaks if the arms differ in anything but the transform: weights, order of batches, steps, scaling.
    bare, w_bare = weights_after(monkeypatch, None)
    same_, w_same = weights_after(monkeypatch, variate.Identity())
    assert torch.equal(w_bare, w_same)
    assert same(bare, same_)


def test_a_transform_changes_the_training_and_not_the_start(monkeypatch):
    # Breaks if the transform is never applied, or its presence moves the initial weights.
    bare, w_bare = weights_after(monkeypatch, None)
    other, w_other = weights_after(monkeypatch, Jitter(sigma=0.5))
    assert not torch.equal(w_bare, w_other)
    assert bare.start == other.start


def test_equal_steps_in_both_arms():
    # Breaks if steps are counted in passes, or the augmented arm gets more of them.
    for aug in (None, Jitter()):
        ticks = []
        outcome = fit_and_test(panel(), panel(seed=1), aug=aug, training=SHORT, on_step=lambda t=ticks: t.append(1))
        assert len(ticks) == outcome.steps == SHORT.steps


def test_same_seed_same_network_other_seed_another():
    # Breaks if anything random comes from outside the seed.
    runs = [fit_and_test(panel(), panel(seed=1), aug=Jitter(), seed=s, training=SHORT) for s in (5, 5, 6)]
    assert same(runs[0], runs[1])
    assert runs[0].start != runs[2].start


def test_every_pass_is_a_new_epoch_of_the_seed():
    # Breaks if the epoch stands still (the same copies for ever) or counts batches (rows of one pass in two epochs).
    CALLS.clear()
    fit_and_test(panel(), panel(seed=1), aug=Watching(), seed=7, training=SHORT)
    assert {seed for seed, _, _ in CALLS} == {7}
    assert [epoch for _, epoch, _ in CALLS] == [1, 1, 1, 2, 2, 2]
    for epoch in (1, 2):
        assert sorted(i for _, e, ids in CALLS for i in ids if e == epoch) == list(range(100, 124))


def test_test_rows_never_reach_the_standardisation(monkeypatch):
    # Breaks if statistics are taken before the split: the huge marker in the test rows would move them.
    whole = panel()
    marked = whole.values.copy()
    marked[whole.extra["subject"] != 1] = 1e9
    seen, real = [], Standardiser.of
    monkeypatch.setattr(Standardiser, "of", classmethod(lambda cls, p: seen.append(real(p)) or seen[-1]))
    for values in (whole.values, marked):
        train, test = split(dataclasses.replace(whole, values=values), "subject", [1])
        fit_and_test(train, test, training=SHORT, aug=Jitter())
    assert len(seen) == 2
    assert (seen[0].mean == seen[1].mean).all()
    assert (seen[0].std == seen[1].std).all()
    assert abs(seen[1].mean).max() < 10


def test_standardiser_by_hand():
    # Breaks if statistics mix channels, or a gap or a constant channel makes NaN.
    scale = Standardiser.of(Panel([[[1.0, 3.0, np.nan], [5.0, 5.0, 5.0]]]))
    assert scale.mean.tolist() == [[2.0], [5.0]]
    assert scale.std.tolist() == [[1.0], [1.0]]
    assert scale([[[1.0, 3.0, np.nan], [5.0, 6.0, 5.0]]]).tolist() == [[[-1, 1, 0], [0, 1, 0]]]


def test_global_state_is_left_alone():
    # Breaks if training seeds the global generators or keeps torch at one thread for the rest of the program.
    torch.manual_seed(11)
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    torch.set_num_threads(2)
    numbers = np.random.get_state()[1].copy()  # noqa: NPY002 - the state that must not move
    fit_and_test(panel(), panel(seed=1), aug=Jitter(), training=SHORT)
    assert torch.equal(before, torch.get_rng_state())
    assert torch.get_num_threads() == 2
    torch.set_num_threads(threads)
    assert (np.random.get_state()[1] == numbers).all()  # noqa: NPY002


def test_fewer_rows_than_a_batch_and_soft_labels():
    # Breaks if a short batch is skipped for ever (an endless loop), or soft labels are read as classes.
    few = panel(n=5)
    soft = dataclasses.replace(few, label=np.eye(3, dtype=np.float32)[few.label])
    hard, weighed = (fit_and_test(p, panel(seed=1), training=SHORT) for p in (few, soft))
    assert hard.accuracy == pytest.approx(weighed.accuracy, abs=0.05)


def test_it_learns_what_is_easy():
    # Breaks if labels and rows part ways in training: then this would stay near 1/3.
    train, test = (dataclasses.replace(p, values=p.values + 2.0 * p.label[:, None, None]) for p in (panel(48), panel(48, 1)))
    assert fit_and_test(train, test, training=FCNTraining(steps=60, batch=16, width=8, rate=1e-2)).accuracy > 0.9


def test_errors_say_what_to_do():
    # Breaks if a wrong call dies inside torch or NumPy.
    with pytest.raises(PanelError, match="no labels"):
        fit_and_test(dataclasses.replace(panel(), label=None), panel())
    with pytest.raises(PanelError, match="has \\['subject'\\]"):
        split(panel(), "person", [1])
    for chosen in ([], [0, 1, 2, 3]):
        with pytest.raises(PanelError, match="one side empty"):
            split(panel(), "subject", chosen)
    with pytest.raises(ParameterError, match="steps must be an integer of at least 1"):
        FCNTraining(steps=0)


@pytest.mark.parametrize(("module", "call"), [("torch", "training.needs_torch"), ("matplotlib", "plot.needs_matplotlib")])
def test_missing_package_says_how_to_get_it(module, call):
    # Breaks if the import is not lazy, or an ImportError comes through.
    code = f"""
import sys; sys.modules[{module!r}] = None; sys.modules[{module!r} + '.figure'] = None
from variate import plot
from variate.tasks import demo, training
from variate.core.errors import VariateError
for run in ({call}, lambda: demo.run('/nowhere/at/all')):
    try: run()
    except VariateError as error: assert "pip install 'variate[all]'" in str(error), error
    else: raise SystemExit('no error')
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
