"""inject_outliers: a probe of how a trained model stands outliers."""

from __future__ import annotations

from typing import Any

from variate.core.errors import ParameterError, suggest
from variate.core.transform import Transform
from variate.transforms.magnitude.slope import Slope
from variate.transforms.magnitude.spike import Spike
from variate.transforms.magnitude.step import Step

KINDS: dict[str, type[Transform]] = {"spike": Spike, "step": Step, "slope": Slope}


def inject_outliers(panel: Any, kind: str, seed: int | None = 0, *, mark: bool = False) -> Any:
    """Return series with outliers of one kind in each: the survey's probe of classifiers, meant for the test set [wen2021].

    The survey trains on augmented series and tests on series with spikes, steps or slopes. It does not say how large: sizes
    and numbers are the defaults of :class:`Spike`, :class:`Step` and :class:`Slope`, so 0.5 to 3 standard deviations of the
    channel (our decision); a constant channel has none and stays. A forecast target is hit as the past is.

    Args:
        panel: arrays, a list of arrays or a :class:`Panel`, which comes back in kind and is not written to.
        kind: ``"spike"``, ``"step"`` or ``"slope"``.
        seed: the same seed and ids give the same outliers.
        mark: label what was injected as events in the point labels; that needs a Panel.

    Raises:
        ParameterError: another kind.

    >>> import numpy as np, variate
    >>> x = np.sin(np.arange(200.0))
    >>> int((variate.inject_outliers(x, "spike", seed=0) != x).sum())
    1
    """
    if not isinstance(kind, str) or kind not in KINDS:
        hint = suggest(str(kind), KINDS)
        hint = hint if "did you mean" in hint else ""
        raise ParameterError(f"inject_outliers(kind={kind!r}): kind must be one of {', '.join(map(repr, KINDS))}{hint}")
    return KINDS[kind](mark=mark, scope="all")(panel, seed=seed)
