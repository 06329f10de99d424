"""Augment: augmentation as a layer of a model."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from variate.core.draws import checked_seed
from variate.core.transform import Transform
from variate.torch.adapter import checked_aug


class Augment(nn.Module):
    """A layer that augments what passes through it in training, and does nothing in evaluation.

    In ``train()`` mode a call is ``aug(x, y, seed=seed, epoch=step, ids=ids)``, and the next one has the next step: every
    step draws anew, and the same seed replays the same sequence. In ``eval()`` mode the very objects that came in go out.
    Series stay on their device and keep their dtype, and gradients flow through to an input that needs one.

    **The sequence goes on.** The number of steps made is the buffer ``step``. It moves with the model and is part of its
    ``state_dict``, so a run that is resumed goes on where it stopped. The seed is not part of it: give the resumed run the
    same integer. A call that raises is no step.

    **Who is who.** Samples without ids are known by their place in the batch. Under DistributedDataParallel the places
    are the same on every rank, so give each rank its own seed (``seed=1000 * run + rank``), or pass ids.

    **Labels.** A transform that changes labels needs y, or the labels that you hold no longer belong to x; class labels
    may come back as class weights ``(n, classes)``, which ``torch.nn.functional.cross_entropy`` takes as well. In an
    ``nn.Sequential`` there is no y, so use a transform that keeps labels there.

    Args:
        aug: a transform or pipeline; fit it before, if it needs that.
        seed: an integer; None draws one, which ``repr`` shows.

    Raises:
        PanelError: an aug that is no transform.
        DrawError: a seed that is no integer.

    >>> import torch, variate
    >>> from variate.torch import FCN, Augment
    >>> model = torch.nn.Sequential(Augment(variate.Jitter(sigma=0.05), seed=1), FCN(channels=3, classes=2, width=8))
    >>> x = torch.arange(300.0).reshape(2, 3, 50).sin()
    >>> model(x).shape, model[0].step.item()
    (torch.Size([2, 2]), 1)
    >>> model.eval()[0](x) is x
    True
    """

    step: Tensor

    def __init__(self, aug: Transform, seed: int | None = 0) -> None:
        super().__init__()
        self.aug = checked_aug(aug, type(self).__name__)
        self.seed = checked_seed(seed)
        self.register_buffer("step", torch.zeros((), dtype=torch.int64))

    def forward(self, x: Any, y: Any = None, ids: Any = None) -> Any:
        """Return x, or the pair (x, y) where there is a y, augmented in training.

        Args:
            x: ``(n, channels, time)`` or ``(n, time)``; or a :class:`variate.Panel`, which holds its own labels and ids.
            y: classes ``(n,)`` or class weights ``(n, classes)``.
            ids: ``(n,)`` integers or strings that name the samples; by default their places in the batch.

        Raises:
            PanelError: arrays that do not fit together.
        """
        if not self.training:
            return x if y is None else (x, y)
        if torch.compiler.is_compiling():  # which cannot trace compiled kernels: the graph breaks here
            return torch.compiler.disable(self._stepped)(x, y, ids)  # type: ignore[no-untyped-call]
        return self._stepped(x, y, ids)

    def _stepped(self, x: Any, y: Any, ids: Any) -> Any:
        out = self.aug(x, y, seed=self.seed, epoch=int(self.step), ids=ids)
        self.step.add_(1)  # in place, as the buffer of a replica on this device is the model's own
        return out

    def extra_repr(self) -> str:
        """Return the transform and the seed, for ``repr``."""
        return f"{self.aug!r}, seed={self.seed}"
