"""The contract catches what it exists to catch: deliberately broken operations, each under the name of its rule."""

from __future__ import annotations

import re
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
from variate.families import LabelTransform, Mixed, MixTransform, TimeTransform, ValueTransform, pieces
from variate.pipeline.compose import Compose

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


@dataclass(frozen=True, kw_only=True)
class WritesTensor(ValueTransform):
    def change(self, x: Any, rng: Draws) -> Any:
        return x * 1.5 if isinstance(x, np.ndarray) else x.mul_(1.5)


@dataclass(frozen=True, kw_only=True)
class FeelsChunk(ValueTransform):
    def change(self, x: Any, rng: Draws) -> Any:
        return x + np.float32(len(x))


@dataclass(frozen=True, kw_only=True)
class IgnoresDraw(ValueTransform):
    def change(self, x: Any, rng: Draws) -> Any:
        rng.normal("noise")
        return x + 1


@dataclass(frozen=True, kw_only=True)
class NeedsTwoSteps(ValueTransform):
    def change(self, x: Any, rng: Draws) -> Any:
        return x - x[..., 1:].max(axis=-1, keepdims=True)


@dataclass(frozen=True, kw_only=True)
class FillsGaps(ValueTransform):
    def change(self, x: Any, rng: Draws) -> Any:
        return np.nan_to_num(x)


@dataclass(frozen=True, kw_only=True)
class PicklesAsAnother(ValueTransform):
    amount: float = param(2.0, low=0)

    def change(self, x: Any, rng: Draws) -> Any:
        return x * self.amount

    def __reduce__(self) -> Any:
        return PicklesAsAnother, ()


@dataclass(frozen=True, kw_only=True)
class ChecksNothing(ValueTransform):
    amount: float = param(2.0, low=0, search=(1.0, 3.0))

    def __post_init__(self) -> None:
        pass

    def at(self, magnitude: float) -> Any:
        return self

    def change(self, x: Any, rng: Draws) -> Any:
        return x * self.amount


@dataclass(frozen=True, kw_only=True)
class FeelsRecording(ValueTransform):
    def change(self, x: Any, rng: Draws) -> Any:
        return x + np.float32(rng.log is not None)


@dataclass(frozen=True, kw_only=True)
class ReadsBeside(TimeTransform):
    def clock(self, panel: Panel, rng: Draws) -> Any:
        start = rng.integers("start", 1, (1,)) + 1
        return pieces(start=start, length=np.full((panel.n, 1), panel.length))


@dataclass(frozen=True, kw_only=True)
class HidesFit(ValueTransform):
    fit: str = param("resize", choices=("resize", "crop"))  # type: ignore[assignment]  # the mistake

    def change(self, x: Any, rng: Draws) -> Any:
        return x + 1


@dataclass(frozen=True, kw_only=True)
class ForgetsWhen(ValueTransform):
    local = False  # and nothing to say what happens to point labels

    def change(self, x: Any, rng: Draws) -> Any:
        return x[..., ::-1].copy()


@dataclass(frozen=True, kw_only=True)
class MixesUnfitted(MixTransform):
    def work(self, panel: Panel, rng: Draws) -> Panel:
        return panel if self.pool_values is None else super().work(panel, rng)

    def mix(self, x: Any, others: Any, rng: Draws) -> Any:
        return Mixed(x, np.ones((len(x), 2, 1)))


@dataclass(frozen=True, init=False)
class LosesLabels(Compose):
    def work(self, panel: Panel, rng: Draws) -> Panel:
        return panel.replace(label=panel.label * 0)


NAMES = {
    "input": "the input is not written to",
    "dtype": "dtype, device, kind and finiteness are kept",
    "row": "a row does not feel its batch",
    "chunks": "chunks and threads change nothing",
    "seed": "seed, epoch and ids matter where the transform draws, and nothing else does",
    "names": "each draw has its own name",
    "global": "global generators are not touched, nor read",
    "nan": "NaN does not spread",
    "degenerate": "empty, short and constant series work",
    "length": "length is as announced, and fields fit together",
    "spec": "a spec survives YAML and gives the same output",
    "pickle": "pickle gives the same transform",
    "invalid": "invalid values raise the right sentence",
    "identity": "the identity value does nothing",
    "at": "at(magnitude) gives valid transforms from weak to strong",
    "fit": "fit gives a transform of the same kind",
    "unfitted": "unfitted use gives the right sentence",
    "points": "what forgets when refuses point labels, or drops them",
    "backends": "NumPy and torch agree",
    "gradient": "gradients flow where promised",
    "record": "a recorded run equals an unrecorded one",
    "horizon": "a forecast horizon is respected",
    "labels": "labels follow the family",
    "preserves": "declared preserves hold",
}
BROKEN = [
    (GlobalNoise(), "numpy", "global"),
    (WritesInput(), "numpy", "input"),
    (WritesTensor(), "torch", "input"),
    (ChangesDtype(), "numpy", "dtype"),
    (BatchStatistic(), "numpy", "row"),
    (FeelsChunk(), "numpy", "chunks"),
    (IgnoresDraw(), "numpy", "seed"),
    (SameNameTwice(), "numpy", "names"),
    (FalsePreserves(), "numpy", "preserves"),
    (FalseValues(), "numpy", "preserves"),
    (Unannounced(), "numpy", "length"),
    (ReadsBeside(), "numpy", "length"),
    (NeedsTwoSteps(), "numpy", "degenerate"),
    (SaysMonotone(), "numpy", "labels"),
    (SpreadsNaN(), "numpy", "nan"),
    (FillsGaps(), "numpy", "nan"),
    (ChangesValues(), "numpy", "labels"),
    (LosesEvents(), "numpy", "labels"),
    (LosesLabels(variate.Flip()), "numpy", "labels"),
    (FalsePreserves(), "numpy", "spec"),  # no policy may name what is not in the registry
    (PicklesAsAnother(amount=3.0), "numpy", "pickle"),
    (ChecksNothing(), "numpy", "invalid"),
    (ChecksNothing(), "numpy", "at"),
    (HidesFit(), "numpy", "fit"),
    (MixesUnfitted(), "numpy", "unfitted"),
    (ForgetsWhen(), "numpy", "points"),
    (NotQuiteIdentity(), "numpy", "identity"),
    (NumpyOnly(), "torch", "backends"),
    (CutsGradient(), "torch", "gradient"),
    (FeelsRecording(), "numpy", "record"),
    (TouchesTarget(), "numpy", "horizon"),
]


@pytest.mark.parametrize(("transform", "backend", "name"), BROKEN, ids=lambda v: getattr(v, "op", str(v)))
def test_broken_op_is_caught_by_name(transform: Any, backend: str, name: str) -> None:
    with pytest.raises(AssertionError, match=re.escape(f"rule broken: {NAMES[name]}")):
        rules.RULES[NAMES[name]](Case(transform, backend))


def test_every_rule_has_caught_something() -> None:
    """A rule that no mistake breaks would be a test that cannot fail."""
    assert {NAMES[name] for _, _, name in BROKEN} == set(rules.RULES)


def test_broken_ops_stay_out_of_the_registry() -> None:
    """Only what is found in the package's own files may be named by a policy."""
    assert not {case[0].op for case in BROKEN} & set(variate.ops)
