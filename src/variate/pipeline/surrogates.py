"""surrogates: a training set grown by surrogate series."""

from __future__ import annotations

from typing import Any

import numpy as np

from variate.core.draws import checked_seed
from variate.core.errors import ParameterError
from variate.core.panel import Panel
from variate.core.param import Param
from variate.core.transform import Transform
from variate.pipeline.expand import expand
from variate.transforms.frequency.aaft import AAFT
from variate.transforms.frequency.fourier_surrogate import FourierSurrogate
from variate.transforms.frequency.iaaft import IAAFT
from variate.transforms.time_frequency.wiaaft import WIAAFT

METHODS: dict[str, type[Transform]] = {"aaft": AAFT, "iaaft": IAAFT, "fourier": FourierSurrogate, "wiaaft": WIAAFT}
METHOD = Param("method", "str", "iaaft", choices=tuple(METHODS))


def surrogates(x: Any, y: Any = None, factor: int = 10, method: str = "iaaft", seed: int | None = 0) -> Any:
    """Return a training set ``factor`` times as large, the originals first and then their surrogates [lee2019].

    A factor of 10 or 100, as in the paper, counts the originals: 9 or 99 surrogates of each series. Class labels are copied.

    Args:
        x: ``(n, channels, time)`` or ``(n, time)``, an array or a tensor; or a Panel without point labels.
        y: labels ``(n,)``; then a pair comes back. A Panel has its own.
        factor: how many times as large, at least 1.
        method: ``"aaft"``, ``"iaaft"``, ``"fourier"`` or ``"wiaaft"``, each with its defaults.
        seed: the same seed gives the same surrogates.

    Raises:
        ParameterError: another method, or a factor that is no integer of at least 1.
        ContractError: a panel with point labels, which a surrogate forgets; ``"wiaaft"`` alone keeps them.

    >>> import numpy as np, variate
    >>> x, y = variate.surrogates(np.random.default_rng(0).normal(size=(3, 40)), [0, 1, 0], factor=4)
    >>> x.shape, y.tolist()
    ((12, 40), [0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0])
    """
    METHOD.check(method, "surrogates")
    if isinstance(factor, bool) or not isinstance(factor, (int, np.integer)) or factor < 1:
        raise ParameterError(f"surrogates(factor={factor!r}): factor must be an integer of at least 1; it counts the originals")
    panel = x if isinstance(x, Panel) and y is None else Panel(x, label=y)
    grown = expand(panel, METHODS[method](), int(factor) - 1, checked_seed(seed))
    if isinstance(x, Panel):
        return grown
    values = grown.values[:, 0] if np.ndim(x) == 2 else grown.values
    return values if y is None else (values, grown.label)
