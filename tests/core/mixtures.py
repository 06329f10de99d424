"""Mixtures whose partners can be told, for tests of the Mix family."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from transforms.helpers import run
from variate import FrequencyMix, Panel, WaveMix
from variate.core.draws import Draws
from variate.families import MixTransform
from variate.kernels.arrays import concat, namespace

REAL = [FrequencyMix(ratio=0.5), WaveMix(details=0.5, approximation=0.5)]
FULL = ("values", "label", "points", "mask", "covariates", "weight", "ids")


@dataclass(frozen=True, kw_only=True)
class Swap(MixTransform):
    """Gives the partner itself, so that the values show who it was."""

    def mix(self, x: Any, others: Any, rng: Draws) -> Any:
        xp = namespace(x)
        all_of_it = xp.ones((x.shape[0], 1, 1), dtype=x.dtype)
        return others[:, 0], concat([0 * all_of_it, all_of_it], axis=1)


@dataclass(frozen=True, kw_only=True)
class Blend(MixTransform):
    """Two partners, of which one comes and one goes: weights share·(1, t) with nothing of one at either end."""

    count = 2

    def mix(self, x: Any, others: Any, rng: Draws) -> Any:
        xp = namespace(x)
        share = xp.astype(rng.uniform("share", (2, 1)), x.dtype) / 2
        up = xp.astype(xp.arange(x.shape[2]), x.dtype) / max(x.shape[2] - 1, 1)
        weights = share * xp.stack([up, 1 - up])[None]
        weights = concat([1 - xp.sum(weights, axis=1, keepdims=True), weights], axis=1)
        both = xp.sum(weights[:, 1:, None] * others, axis=1)
        return weights[:, :1] * x + both, weights


@dataclass(frozen=True, kw_only=True)
class Half(MixTransform):
    """Half of the series and half of a partner; it looks at what it is given."""

    def mix(self, x: Any, others: Any, rng: Draws) -> Any:
        xp = namespace(x)
        assert not xp.any(xp.isnan(x))
        assert not xp.any(xp.isnan(others))
        return (x + others[:, 0]) / 2, xp.full((x.shape[0], 2, 1), 0.5, dtype=x.dtype)


def classes(n: int = 12, size: int = 3) -> Any:
    return np.arange(n) // size


def blend_weights(share: Any, length: int, split: int | None = None, there: int = 2) -> Any:
    """Return the weights (3, length) of Blend for one row: nothing after the split, nor of a partner that is none."""
    split = length if split is None else split
    up = np.arange(split) / max(split - 1, 1)
    weights = np.zeros((3, length))
    weights[1:, :split] = share.astype(np.float64) / 2 * np.stack([up, 1 - up])
    weights[1 + there :] = 0
    weights[0] = 1 - weights[1:].sum(axis=0)
    return weights


def swapped(panel: Panel, pool: Any, seed: int = 0, body: str = "numba", **parameters: Any) -> Any:
    """Return the rows of the pool (n,) that Swap gives, told by what they hold; -1 where a series stayed as it was."""
    values = pool.values if isinstance(pool, Panel) else pool
    out = run(body, Swap(**parameters).fit(pool), panel, seed)[0].values
    same = (out[:, None] == values[None]).all(axis=(2, 3))
    stayed = (out == panel.values).all(axis=(1, 2))
    assert (same.any(axis=1) | stayed).all()
    return np.where(stayed, -1, same.argmax(axis=1))
