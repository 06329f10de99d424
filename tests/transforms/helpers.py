"""Series to transform, and a way to run one op on either body."""

from __future__ import annotations

import contextlib

import numpy as np
import torch

from kernels.oracles import as_body, as_numpy
from variate import Panel
from variate.core.engine import torch_bodies

FIELDS = ("values", "label", "points", "mask", "covariates")
BODIES = ("numba", "torch")


def series(n=4, channels=2, length=60, dtype=np.float64, seed=0):
    """Return noisy waves (n, channels, length): no two channels have the same level or spread."""
    rng = np.random.default_rng(seed)
    level, size = rng.normal(size=(2, n, channels, 1)) * 3
    wave = np.sin(np.arange(length) / 5 + rng.uniform(0, 6, (n, channels, 1)))
    return (level + size * (wave + 0.3 * rng.normal(size=(n, channels, length)))).astype(dtype)


def ramp(n, length):
    """Return series whose readings are their own steps: a Time transform shows its clock on them."""
    return np.tile(np.arange(length, dtype=np.float64), (n, 1, 1))


def run(body, op, x, seed=0, record=True):
    """Run op on an array or a Panel with NumPy or torch inside; return (result, draws of all places), in NumPy."""
    if isinstance(x, Panel):
        x = x.replace(**{name: as_body(body, getattr(x, name)) for name in FIELDS if getattr(x, name) is not None})
    else:
        x = as_body(body, x)
    with torch_bodies() if body == "torch" else contextlib.nullcontext():
        out = op(x, seed=seed, record=record)
    out, drawn = out if record else (out, {})
    if isinstance(out, Panel):
        assert isinstance(out.values, torch.Tensor) == (body == "torch")
        return out.replace(**{name: as_numpy(getattr(out, name)) for name in FIELDS if getattr(out, name) is not None}), drawn
    return as_numpy(out), drawn


def draw(body, op, x, seed=0):
    """Run an op alone; return (result, its own draws)."""
    out, drawn = run(body, op, x, seed)
    return out, drawn.get(f"/{op.op}", {})


def same_bits(a, b):
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
