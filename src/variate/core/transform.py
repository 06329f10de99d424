"""Transform: parameters, and one small method that its family asks for."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from variate.core import door, engine
from variate.core.draws import Draws, checked_seed
from variate.core.errors import ContractError, ParameterError, suggest
from variate.core.panel import Panel
from variate.core.param import params

PRESERVED = {
    "length": "the number of steps",
    "values": "every reading, perhaps in another order",
    "range": "each channel's minimum and maximum are not exceeded",
    "ends": "the first and the last reading",
    "zeros": "readings that are exactly 0",
    "series": "all values; only labels change",
    "steps": "the readings of each step, perhaps in other channels",
    "order": "the order of the readings in time",
}
"""What a transform may say it keeps (``preserves``); the contract tests hold it to its word."""


@dataclass(frozen=True, kw_only=True)
class Transform:
    """What every augmentation, pipeline and policy is: a frozen set of parameters that can be run on a panel.

    Write one by deriving from a family (``variate.families``), never from this class. Class attributes are promises:
    ``shortest`` is the least number of steps that it does something to, ``forecastable`` whether it may see a forecast
    horizon, ``monotone`` whether a clock keeps the order of time, ``differentiable`` whether gradients flow through it,
    ``iterated`` whether it walks by ranks, so that libraries need only keep the same promises, not the same path,
    ``lean`` whether it is one pass without large temporaries, ``preserves`` what it keeps (see ``PRESERVED``), and
    ``examples`` the parameter sets that tests, pictures and benchmarks use.
    """

    op: ClassVar[str] = ""
    family: ClassVar[str] = ""
    label_rule: ClassVar[str] = ""
    shortest: ClassVar[int] = 1
    forecastable: ClassVar[bool] = True
    forecast_reason: ClassVar[str] = ""
    monotone: ClassVar[bool] = True
    differentiable: ClassVar[bool] = True
    iterated: ClassVar[bool] = False
    lean: ClassVar[bool] = False
    takes_parts: ClassVar[bool] = False
    preserves: ClassVar[tuple[str, ...]] = ()
    examples: ClassVar[tuple[Mapping[str, Any], ...]] = ({},)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.op = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", cls.__name__).lower()
        if "__repr__" not in cls.__dict__:
            setattr(cls, "__repr__", cls.__mro__[1].__repr__)  # noqa: B010 - else the dataclass writes one of its own

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Refuse unknown parameters with a suggestion, where Python would only name them."""
        known = [f.name for f in dataclasses.fields(cls) if f.init]
        unknown = next((k for k in kwargs if k not in known), None)
        if unknown is not None:
            raise ParameterError(f"{cls.__name__} has no parameter {unknown!r}{suggest(unknown, known)}")
        if args and not cls.takes_parts:
            raise ParameterError(f"{cls.__name__} takes keywords only: {cls.__name__}({next(iter(params(cls)), 'p')}=...)")
        return super().__new__(cls)

    def __post_init__(self) -> None:
        name = type(self).__name__
        for key, declared in params(type(self)).items():
            object.__setattr__(self, key, declared.check(getattr(self, key), name))

    def __call__(
        self, x: Any, y: Any = None, *, seed: int | None = None, epoch: int = 0, ids: Any = None, record: bool = False
    ) -> Any:
        """Return x augmented, in kind: an array for an array, a tensor for a tensor, a list for a list, a Panel for one.

        Args:
            x: ``(n, channels, time)``, ``(n, time)`` or ``(time,)``; a list of ``(channels, t_i)`` or ``(t_i,)``; or a
                :class:`Panel`. It is never written to.
            y: class labels ``(n,)`` or class weights ``(n, classes)``; then a pair comes back.
            seed: the same seed, epoch and ids give the same result; None draws fresh randomness.
            epoch: counts passes over the data.
            ids: ``(n,)`` integers or strings that name the samples; by default their positions.
            record: also return what was drawn, ``{path: {name: array}}``.
        """
        panel, give_back = door.enter(x, y, ids)
        out, drawn = engine.run(self, panel, checked_seed(seed), door.checked_epoch(epoch), record)
        result = give_back(out)
        return (result, drawn) if record else result

    def run(self, panel: Panel, rng: Draws) -> Panel:
        """Run on series of one length in the library that computes; families and pipelines fill :meth:`work` in."""
        self.check_horizon(panel)
        return panel if panel.length < self.shortest else self.work(panel, rng)

    def check_horizon(self, panel: Panel) -> None:
        """Raise ContractError where a forecast horizon cannot be respected."""
        if panel.horizon and not self.forecastable:
            raise ContractError(
                f"{type(self).__name__} cannot be used with a forecast horizon ({panel.horizon} steps): "
                f"{self.forecast_reason}. Leave it out of the pipeline, or drop the horizon"
            )

    def work(self, panel: Panel, rng: Draws) -> Panel:
        """Do what the family does; the series are as long as ``shortest`` asks."""
        raise ContractError(f"{type(self).__name__} belongs to no family; derive it from one of variate.families")

    def length(self, length: int) -> int:
        """Return the number of steps that series of ``length`` steps come out with."""
        return length

    @property
    def marks(self) -> bool:
        """Whether this transform labels what it does, so that a panel without point labels comes out with some."""
        return False

    @property
    def scores(self) -> bool:
        """Whether this transform makes scores of point labels, so that those come out as floats for every row."""
        return False

    @property
    def drops(self) -> bool:
        """Whether this transform drops point labels, so that they go for every row."""
        return False

    @property
    def softens(self) -> bool:
        """Whether class labels come out as class weights, so that they do for every row."""
        return False

    @property
    def classes(self) -> int:
        """How many class weights there are where :attr:`softens`; 0 where the labels of the batch decide."""
        return 0

    @property
    def fitted(self) -> bool:
        """Whether it can run as it is; one that learns first needs :meth:`fit`."""
        return True

    @property
    def barrier(self) -> bool:
        """Whether it has to see a batch whole: the explicit exception to the independence of rows."""
        return False

    def fit(self, panel: Panel, seed: int = 0) -> Self:
        """Return this transform fitted to a panel; one that learns nothing returns itself."""
        return self

    def at(self, magnitude: float) -> Self:
        """Return this transform at a strength in 0 … 1: parameters with a search range move from weak to strong."""
        self.check_magnitude(magnitude)
        moved = {name: p.at(magnitude) for name, p in params(type(self)).items() if p.search is not None}
        return dataclasses.replace(self, **moved)

    def check_magnitude(self, magnitude: float) -> None:
        """Raise ParameterError where a magnitude is none."""
        if isinstance(magnitude, bool) or not isinstance(magnitude, (int, float)) or not 0 <= magnitude <= 1:
            raise ParameterError(f"{type(self).__name__}.at({magnitude!r}): the magnitude must lie in 0 … 1")

    def __repr__(self) -> str:
        shown = [f"{k}={getattr(self, k)!r}" for k, p in params(type(self)).items() if getattr(self, k) != p.default]
        return f"{type(self).__name__}({', '.join(shown)})"
