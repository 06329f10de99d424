"""What the adapters share: a checked transform; and a seed and an epoch that reach running workers."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from variate.core.door import checked_epoch
from variate.core.draws import checked_seed
from variate.core.errors import PanelError
from variate.core.panel import Panel
from variate.core.transform import Transform


class Adapter:
    """A transform with its seed and its epoch; ``horizon`` and ``point_role`` are those of the Panel.

    The epoch lives in shared memory: a worker that was started an epoch ago, by fork or by spawn, sees it change.
    """

    def __init__(self, aug: Transform, seed: int | None, horizon: int, point_role: str) -> None:
        self.aug = checked_aug(aug, type(self).__name__)
        self.seed = checked_seed(seed)
        if isinstance(horizon, bool) or not isinstance(horizon, int) or horizon < 0:
            raise PanelError(f"{type(self).__name__}: horizon is {horizon!r}; it must be the number of last steps to forecast")
        self.horizon = horizon
        self.point_role = Panel(np.zeros(1), point_role=point_role).point_role  # refused here, not in a worker
        self._epoch = torch.zeros(1, dtype=torch.int64).share_memory_()  # type: ignore[no-untyped-call]

    @property
    def epoch(self) -> int:
        """The number of the pass over the data."""
        return int(self._epoch.item())

    def set_epoch(self, epoch: int) -> None:
        """Give the next pass over the data its own augmentations, in running persistent workers too.

        Call it between two passes, before ``iter(loader)``: workers fetch ahead.

        Raises:
            DrawError: an epoch that is no integer of at least 0.
        """
        self._epoch[0] = checked_epoch(epoch)

    def augment(self, columns: dict[str, Any], ids: Any) -> Panel:
        """Return the panel of these columns, augmented."""
        panel = Panel(**columns, ids=ids, horizon=self.horizon, point_role=self.point_role)
        out: Panel = self.aug(panel, seed=self.seed, epoch=self.epoch)
        return out

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._epoch.share_memory_()  # a copy, or one read from a file, has an epoch of its own, and its workers share that


def checked_aug(aug: Any, owner: str) -> Transform:
    """Return the transform; raise PanelError where it is none."""
    if isinstance(aug, Transform):
        return aug
    if isinstance(aug, type) and issubclass(aug, Transform):
        raise PanelError(f"{owner}: aug is the class {aug.__name__}; make one: {aug.__name__}()")
    hint = "; join several with variate.Compose(*aug)" if isinstance(aug, (list, tuple)) else ""
    raise PanelError(f"{owner}: aug is {aug!r}; it must be a variate transform, such as variate.Jitter(){hint}")
