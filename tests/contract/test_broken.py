"""The contract catches what it exists to catch: deliberately broken operations, each under the name of its rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import variate
from contract import families, rules
from contract.cases import Case
from variate.core.draws import Draws
from variate.core.panel import Panel
from variate.core.param import param
from variate.families import LabelTransform, TimeTransform, ValueTransform, pieces

assert families.CHECKS  # imported so that the family rules are registered


@dataclass(frozen=True, kw_only=True)
class GlobalNoise(ValueTransform):
    def change(self, x: Any, rng: Draws) -> Any:
        return x + np.random.normal(size=x.shape).astype(x.dtype)  # noqa: NPY002 - the mistake


@dataclass(frozen=True, kw_only=True)
class WritesInput(ValueTransform):
    def change(self, x: Any, rng: Draws) -> Any:
        x *= 2
        return x


@dataclass(frozen=True, kw_only=True)
class ChangesDtype(ValueTransform):
    def change(self, x: Any, rng: Draws) -> Any:
        return x.astype(np.float64) + 1


@dataclass(frozen=True, kw_only=True)
class BatchStatistic(ValueTransform):
    def change(self, x: Any, rng: Draws) -> Any:
        return x - x.mean(axis=0, keepdims=True)


@dataclass(frozen=True, kw_only=True)
class SameNameTwice(ValueTransform):
    def change(self, x: Any, rng: Draws) -> Any:
        return x + rng.normal("noise", x.shape[1:]).astype(x.dtype) * rng.uniform("noise", (1, 1)).astype(x.dtype)


@dataclass(frozen=True, kw_only=True)
class FalsePreserves(ValueTransform):
    preserves = ("length", "zeros")

    def change(self, x: Any, rng: Draws) -> Any:
        return x + 1


@dataclass(frozen=True, kw_only=True)
class FalseValues(TimeTransform):
    preserves = ("values",)

    def clock(self, panel: Panel, rng: Draws) -> Any:
        return np.tile(np.linspace(0, (panel.length - 1) / 2, panel.length), (panel.n, 1))


@dataclass(frozen=True, kw_only=True)
class Unannounced(TimeTransform):
    def clock(self, panel: Panel, rng: Draws) -> Any:
        return pieces(start=rng.integers("start", 1, (1,)), length=np.full((panel.n, 1), max(panel.length - 1, 1)))


@dataclass(frozen=True, kw_only=True)
class SaysMonotone(TimeTransform):
    def clock(self, panel: Panel, rng: Draws) -> Any:
        return np.tile(np.arange(panel.length, dtype=float)[::-1], (panel.n, 1))


@dataclass(frozen=True, kw_only=True)
class SpreadsNaN(ValueTransform):
    def change(self, x: Any, rng: Draws) -> Any:
        return x - x.mean(axis=-1, keepdims=True)


@dataclass(frozen=True, kw_only=True)
class ChangesValues(LabelTransform):
    def relabel(self, panel: Panel, rng: Draws) -> Panel:
        return panel.replace(values=panel.values + np.float32(1))


@dataclass(frozen=True, kw_only=True)
class LosesEvents(ValueTransform):
    @property
    def marks(self) -> bool:
        return True

    def work(self, panel: Panel, rng: Draws) -> Panel:
        return panel.replace(points=panel.points & False)

    def change(self, x: Any, rng: Draws) -> Any:
        return x


@dataclass(frozen=True, kw_only=True)
class NotQuiteIdentity(ValueTransform):
    amount: float = param(1.0, low=0, identity=0)

    def change(self, x: Any, rng: Draws) -> Any:
        return x * (1 + self.amount) + 1e-3


@dataclass(frozen=True, kw_only=True)
class NumpyOnly(ValueTransform):
    def change(self, x: Any, rng: Draws) -> Any:
        return x + 1 if isinstance(x, np.ndarray) else x + 2


@dataclass(frozen=True, kw_only=True)
class CutsGradient(ValueTransform):
    def change(self, x: Any, rng: Draws) -> Any:
        return x if isinstance(x, np.ndarray) else x.detach() * 1


@dataclass(frozen=True, kw_only=True)
class TouchesTarget(TimeTransform):
    keeps_boundary = True

    def clock(self, panel: Panel, rng: Draws) -> Any:
        return np.tile(np.linspace(0, panel.length - 1, panel.length) ** 2 / max(panel.length - 1, 1), (panel.n, 1))


BROKEN = [
    (GlobalNoise(), "numpy", "global generators are not touched, nor read"),
    (WritesInput(), "numpy", "the input is not written to"),
    (ChangesDtype(), "numpy", "dtype, device, kind and finiteness are kept"),
    (BatchStatistic(), "numpy", "a row does not feel its batch"),
    (SameNameTwice(), "numpy", "each draw has its own name"),
    (FalsePreserves(), "numpy", "declared preserves hold"),
    (FalseValues(), "numpy", "declared preserves hold"),
    (Unannounced(), "numpy", "length is as announced, and fields fit together"),
    (SaysMonotone(), "numpy", "labels follow the family"),
    (SpreadsNaN(), "numpy", "NaN does not spread"),
    (ChangesValues(), "numpy", "labels follow the family"),
    (LosesEvents(), "numpy", "labels follow the family"),
    (NotQuiteIdentity(), "numpy", "the identity value does nothing"),
    (NumpyOnly(), "torch", "NumPy and torch agree"),
    (CutsGradient(), "torch", "gradients flow where promised"),
    (TouchesTarget(), "numpy", "a forecast horizon is respected"),
]


@pytest.mark.parametrize(("transform", "backend", "name"), BROKEN, ids=lambda v: getattr(v, "op", str(v)))
def test_broken_op_is_caught_by_name(transform: Any, backend: str, name: str) -> None:
    with pytest.raises(AssertionError, match=f"rule broken: {name}"):
        rules.RULES[name](Case(transform, backend))


def test_broken_ops_stay_out_of_the_registry() -> None:
    """Only what is found in the package's own files may be named by a policy."""
    assert not {case[0].op for case in BROKEN} & set(variate.ops)
