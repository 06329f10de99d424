"""The engine: cores are its business alone."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import threading
from dataclasses import dataclass

import numpy as np
import pytest
import torch

import variate
from variate.core import engine
from variate.core.errors import ParameterError
from variate.families import ValueTransform
from variate.kernels.arrays import empty

BIG = np.random.default_rng(0).normal(size=(600, 2, 1000)).astype(np.float32)
AUG = variate.Compose(variate.Jitter(), variate.TimeWarp(), variate.Dropout(per_channel=True))


@pytest.fixture(autouse=True)
def _default_threads():
    yield
    variate.set_threads(None)


def test_any_number_of_threads_gives_the_same_bits():
    results = []
    for count in (1, 2, 3, 8):
        variate.set_threads(count)
        results.append(AUG(BIG, seed=0))
    assert all(np.array_equal(results[0], r) for r in results[1:])


def test_large_work_runs_on_threads_and_small_work_inline(monkeypatch):
    seen = set()
    run = engine._run_one
    monkeypatch.setattr(engine, "_run_one", lambda *job: (seen.add(threading.current_thread().name), run(*job))[1])
    variate.set_threads(2)
    AUG(BIG[:2], seed=0)
    assert seen == {"MainThread"}
    AUG(BIG, seed=0)
    assert any(name.startswith("variate") for name in seen)


@dataclass(frozen=True, kw_only=True)
class CovariatesFirst(ValueTransform):
    """Takes memory of the values' shape for another field before the values do."""

    def work(self, panel, rng):
        covariates = empty(panel.covariates.shape, panel.covariates.dtype)
        covariates[...] = panel.covariates
        return panel.replace(covariates=covariates, values=panel.values + 1)

    def change(self, x, rng):
        return x


@pytest.mark.parametrize("threads", [1, 2])
def test_a_field_that_lies_where_the_values_belong_is_not_written_over(threads):
    variate.set_threads(threads)
    panel = variate.Panel(np.zeros_like(BIG), covariates=np.full_like(BIG, 7))
    out = CovariatesFirst()(panel, seed=0)
    assert (out.covariates == 7).all()
    assert (out.values == 1).all()


def test_threads_are_rebuilt_after_a_fork():
    """A child that waited for its parent's threads would hang."""
    variate.set_threads(2)
    expected = AUG(BIG, seed=0)
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    child = context.Process(target=lambda: queue.put(float(AUG(BIG, seed=0).sum())))
    child.start()
    child.join(60)
    assert child.exitcode == 0
    assert queue.get() == float(expected.sum())


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "2"])
def test_set_threads_refuses_nonsense(value):
    with pytest.raises(ParameterError, match="number of threads must be an integer of at least 1"):
        variate.set_threads(value)


def test_environment_variable(monkeypatch):
    monkeypatch.setenv("VARIATE_THREADS", "3")
    assert engine.thread_count() == 3
    variate.set_threads(2)
    assert engine.thread_count() == 2
    variate.set_threads(None)
    monkeypatch.setenv("VARIATE_THREADS", "many")
    with pytest.raises(ParameterError, match="VARIATE_THREADS='many'"):
        engine.thread_count()


def test_an_error_in_a_thread_reaches_the_caller():
    x = BIG.copy()
    x[577, 1, 3] = np.inf
    variate.set_threads(2)
    with pytest.raises(variate.VariateError, match="row 577, channel 1, step 3"):
        AUG(x, seed=0)


def test_a_tensor_under_a_gradient_stays_in_torch():
    x = torch.ones(2, 1, 30, requires_grad=True)
    y = variate.Compose(variate.Scaling(), variate.TimeWarp())(x, seed=0)
    y.sum().backward()
    assert torch.isfinite(x.grad).all()
    with torch.no_grad():
        assert not variate.Scaling()(x, seed=0).requires_grad


def test_compiled_code_has_a_cache_even_where_nothing_may_be_written(monkeypatch):
    """numba refuses to compile in a hardened container, where neither the package nor the home may be written to."""
    import numba

    from variate.kernels import compiled

    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    compiled._cache_somewhere()
    assert numba.config.CACHE_DIR == ""
    monkeypatch.setattr(os, "access", lambda *args: False)
    compiled._cache_somewhere()
    assert os.path.isdir(numba.config.CACHE_DIR)


def test_import_is_light():
    """numba and torch take a second to load; a user who only reads a policy should not wait for them."""
    code = (
        "import sys, variate; variate.Compose(variate.Jitter(), variate.Crop()); "
        "print([m for m in ('numba', 'torch', 'scipy', 'pandas', 'matplotlib', 'rich', 'typer') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ})
    assert out.stdout.strip() == "[]"
