"""bagging: one forecaster on many bootstrapped histories, and what they say together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from variate.core import engine
from variate.core.draws import checked_seed
from variate.core.errors import PanelError, ParameterError
from variate.core.panel import Panel
from variate.core.param import Param
from variate.core.transform import Transform
from variate.kernels.arrays import numpy_of
from variate.kernels.missing import fill
from variate.pipeline.parts import checked_parts
from variate.pipeline.presets import bld_mbb

MEMBERS = Param("members", "int", 100, low=1)
Forecaster = Callable[[Any, int], Any]


@dataclass(frozen=True, eq=False)
class Bagged:
    """The forecasts of all members, ``(n, channels, members, horizon)``; the first is that of the series itself."""

    members: Any

    @property
    def base(self) -> Any:
        """The forecast of the series itself, without bagging: (n, channels, horizon)."""
        return self.members[:, :, 0]

    @property
    def mean(self) -> Any:
        """The mean of the members, (n, channels, horizon), which R's ``baggedModel`` gives."""
        return self.members.mean(axis=2)

    @property
    def median(self) -> Any:
        """The median of the members, (n, channels, horizon), which the paper reports."""
        return np.median(self.members, axis=2)

    @property
    def low(self) -> Any:
        """The lowest of the members, (n, channels, horizon)."""
        return self.members.min(axis=2)

    @property
    def high(self) -> Any:
        """The highest of the members, (n, channels, horizon)."""
        return self.members.max(axis=2)


def bagging(
    panel: Any,
    forecaster: Any,
    members: int = 100,
    *,
    horizon: int | None = None,
    aug: Transform | None = None,
    seed: int = 0,
    on_member: Callable[[], None] | None = None,
) -> Bagged:
    """Return forecasts of bootstrapped histories, and by them a steadier one than the forecaster's own [bergmeir2016].

    Member 0 is the history itself; member k is augmented with epoch k of ``seed``. The target of a panel is not looked at.
    Gaps are bridged by a line. Each channel is forecast alone. Bagging helps where the choice of a model or its parameters
    is unsteady; it hurts where the forecaster is right about a short history that a bootstrap blurs.

    Args:
        panel: a :class:`Panel`, or what one can be made of. With a horizon, the steps before it are the history.
        forecaster: called with a history (time,) and the horizon, it returns (horizon,) values; or a model of
            statsforecast, such as ``AutoETS(season_length=24)``.
        members: how many histories, the first included; the paper has 100.
        horizon: steps to forecast; by default those of the panel's horizon.
        aug: what bootstraps; by default :func:`bld_mbb`.
        seed: of the bootstrap.
        on_member: called after each member of each series, for a progress bar.

    Raises:
        ParameterError: no horizon, or a number of members that is none.
        PanelError: a forecast of another length.

    >>> import numpy as np, variate
    >>> naive = lambda history, horizon: np.repeat(history[-1:], horizon)
    >>> variate.bagging(np.arange(40.0), naive, members=5, horizon=3).mean.shape
    (1, 1, 3)
    """
    panel = panel if isinstance(panel, Panel) else Panel(panel)
    steps = Param("horizon", "int", 1, low=1).check(panel.horizon if horizon is None else horizon, "bagging")
    members = MEMBERS.check(members, "bagging")
    aug = bld_mbb() if aug is None else checked_parts((aug,), "bagging")[0]
    ask = _asker(forecaster, steps)
    made = []
    for history in _histories(_past(panel), aug, members, checked_seed(seed)):
        member = []
        for series in history:
            member.append([ask(channel) for channel in series])
            if on_member is not None:
                on_member()
        made.append(np.array(member, np.float64).reshape(panel.n, panel.channels if panel.n else 0, steps))
    return Bagged(np.stack(made, axis=2))


def _past(panel: Panel) -> Panel:
    """Return the steps before the target, gaps bridged, without labels."""
    end, rows = -panel.horizon or None, []
    for i, values in enumerate(panel.values):
        series = np.array(numpy_of(values), np.float64)
        if panel.mask is not None:
            series[:, ~numpy_of(panel.mask[i])] = np.nan
        rows.append(fill(series[:, :end]))
    return Panel(rows, ids=panel.ids)


def _histories(past: Panel, aug: Transform, members: int, seed: int) -> Iterator[Any]:
    """Go through the histories of each member, a list of (channels, time) each."""
    yield past.values
    for k in range(1, members):
        yield engine.run(aug, past, seed, epoch=k)[0].values


def _asker(forecaster: Any, steps: int) -> Callable[[Any], Any]:
    """Return what asks a forecaster, a function or a model of statsforecast, and looks at the answer."""
    model = getattr(forecaster, "forecast", None)
    if isinstance(forecaster, type) or (model is None and not callable(forecaster)):
        raise ParameterError(
            f"bagging(forecaster={forecaster!r}): it must be a function of (history, horizon), or a model of statsforecast"
        )

    def ask(history: Any) -> Any:
        own = history.copy()  # a forecaster may write to what it gets
        answer = forecaster(own, steps) if model is None else model(y=own, h=steps)["mean"]
        if np.shape(answer) != (steps,):
            raise PanelError(f"the forecaster returned shape {np.shape(answer)}; {steps} steps need ({steps},)")
        return np.asarray(answer)

    return ask
