"""What there is to say and to show about each operation: all of it follows from the class.

The gallery is made of these pieces, and so can any other page be.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from variate import ops
from variate.core.errors import ParameterError
from variate.core.param import Param, params
from variate.core.transform import PRESERVED, Transform
from variate.plot.triptych import show

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SEED = 106  # one at which every operation does something: channels change places, one falls silent, each choice is drawn
GROUPS = ("magnitude", "time", "frequency", "time_frequency", "decomposition", "mixing", "label", "pipeline")


@dataclass(frozen=True)
class Facts:
    """What there is to say about an operation.

    Args:
        op: its name in policies and on the command line.
        name: that of its class.
        group: the folder of the taxonomy that it is in.
        family: its family, which is its promise about labels.
        summary: the first paragraph of its docstring, as one line.
        labels: what happens to labels.
        forecast: what happens on a forecast window.
        keeps: what it keeps, a sentence each.
        parameters: their declarations, in order.
    """

    op: str
    name: str
    group: str
    family: str
    summary: str
    labels: str
    forecast: str
    keeps: tuple[str, ...]
    parameters: tuple[Param, ...]


def facts(cls: type[Transform]) -> Facts:
    """Return what there is to say about an operation.

    >>> import variate
    >>> said = facts(variate.Jitter)
    >>> said.group, said.labels, [p.name for p in said.parameters]
    ('magnitude', 'class and point labels stay', ['sigma', 'relative', 'scope', 'p'])
    """
    _check_class(cls, "facts")
    summary = " ".join((cls.__doc__ or "").strip().split("\n\n")[0].split())
    keeps = tuple(PRESERVED[name] for name in cls.preserves)
    group = cls.__module__.split(".")[-2]
    declared = tuple(params(cls).values())
    return Facts(cls.op, cls.__name__, group, cls.family, summary, cls.label_rule, _forecast(cls), keeps, declared)


def sample(cls: type[Transform]) -> Transform:
    """Return the operation as it is shown: with its defaults, and a pipeline with three parts.

    A class that cannot do without parameters is made with the first of its ``examples``.
    """
    _check_class(cls, "sample")
    if cls.takes_parts:
        pipeline: Any = cls
        made: Transform = pipeline.of(ops["time_warp"](), ops["scaling"](sigma=0.3), ops["jitter"](sigma=0.1))
        return made
    return cls(**next(iter(cls.examples), {}))


def picture(cls: type[Transform], seed: int = SEED) -> Figure:
    """Return the picture of an operation on the four example series (:func:`variate.plot.show`)."""
    return show(sample(cls), seed=seed)


def call(aug: Transform) -> str:
    """Return how a transform is made, with every parameter, those at their default too."""
    if aug.takes_parts:
        return repr(aug)
    return f"{type(aug).__name__}({', '.join(f'{name}={getattr(aug, name)!r}' for name in params(type(aug)))})"


def grouped() -> dict[str, list[type[Transform]]]:
    """Return the operations by group, in the order of the taxonomy, each group by name."""
    found: dict[str, list[type[Transform]]] = {}
    for cls in sorted(ops.values(), key=lambda c: c.__name__):
        found.setdefault(facts(cls).group, []).append(cls)
    order = {name: i for i, name in enumerate(GROUPS)}
    return {name: found[name] for name in sorted(found, key=lambda name: (order.get(name, len(order)), name))}


def about_group(cls: type[Transform]) -> str:
    """Return what the group of an operation is: the docstring of its folder."""
    return (sys.modules[cls.__module__.rpartition(".")[0]].__doc__ or "").strip()


def _forecast(cls: type[Transform]) -> str:
    if not cls.forecastable:
        return f"refused: {cls.forecast_reason}"
    if cls.family == "value":
        alike = "each on its own" if getattr(cls, "apart", False) else "alike"
        if params(cls)["scope"].default == "past":
            return f"the past changes and the target stays; with scope='all' both change, {alike}"
        return f"past and target change, {alike}; with scope='past' the target stays"
    if cls.family == "time":
        return "past and target are each read from themselves: no past reading touches a target"
    if cls.family == "mix":
        return "past and target are mixed alike; with scope='past' the target stays"
    return "as its parts" if cls.takes_parts else "the target stays"


def _check_class(cls: type[Transform], caller: str) -> None:
    if not (isinstance(cls, type) and issubclass(cls, Transform)):
        raise ParameterError(f"{caller}({cls!r}): it must be the class of an operation, such as variate.Jitter")
