"""Pool: the known series that a Mix transform draws partners from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from variate.core.draws import Draws
from variate.core.errors import ContractError, PanelError
from variate.core.panel import Panel
from variate.kernels.arrays import Array, numpy_of
from variate.kernels.fingerprint import fingerprints


@dataclass(frozen=True, eq=False)
class Pool:
    """Known series, NumPy arrays: values (m, c, longest) with zeros after the end of a shorter one, and lengths (m,).

    ``label`` (m,) or (m, classes), ``points`` and ``mask`` (m, longest) are there if the panel had them.
    """

    values: Any
    lengths: Any
    label: Any = None
    points: Any = None
    mask: Any = None

    def __post_init__(self) -> None:
        """Put the series in an order in which equal ones are neighbours, by length and by class within it."""
        prints = np.empty(len(self.values), np.uint64)
        for length in np.unique(self.lengths):
            rows = self.lengths == length
            prints[rows] = fingerprints(self.values[rows, :, :length])
        classes = np.zeros(len(prints), np.int64) if self.label is None else hard(self.label)
        self.__dict__["_sorted"] = {
            within: _Sorted(order, self.lengths[order], classes[order], prints[order])
            for within, keys in ((False, (prints, self.lengths)), (True, (prints, classes, self.lengths)))
            for order in [np.lexsort(keys)]
        }

    @property
    def classes(self) -> int:
        """The number of classes, 0 without labels."""
        if self.label is None:
            return 0
        return int(self.label.shape[1]) if self.label.ndim == 2 else int(self.label.max()) + 1

    @classmethod
    def of(cls, panel: Panel) -> Pool:
        """Return the pool of a panel's series, from whichever library."""
        if not panel.ragged:
            lengths = np.full(panel.n, panel.length)
            fields = {k: _kept(numpy_of(v)) for k, v in panel.present() if k in ("values", "label", "points", "mask")}
            return cls(lengths=lengths, **fields)
        lengths = np.array([v.shape[-1] for v in panel.values])
        fields = {k: _padded(v) for k, v in panel.present() if k in ("values", "points", "mask")}
        return cls(lengths=lengths, label=None if panel.label is None else _kept(numpy_of(panel.label)), **fields)

    def draw(self, panel: Panel, within: bool, count: int, rng: Draws) -> Any:
        """Return ``count`` different rows for each series of a panel, (n, count), -1 where there are no more.

        All of the series' length are as likely, of its class if ``within``; series equal to it do not take part.
        """
        known: _Sorted = self.__dict__["_sorted"][within]
        start, stop = known.block(panel, within)
        first, last = known.equal(fingerprints(panel.values), start, stop)
        left = numpy_of(rng.distinct("partner", np.maximum(stop - start - (last - first), 0), count))
        place = start[:, None] + left
        place = np.where(place >= first[:, None], place + (last - first)[:, None], place)
        return np.where(left >= 0, known.rows[np.minimum(place, len(known.rows) - 1)], -1)


class _Sorted(NamedTuple):
    """The rows of a pool, sorted by length, class if it plays a part, and fingerprint, and what they are sorted by."""

    rows: Any
    lengths: Any
    classes: Any
    prints: Any

    def block(self, panel: Panel, within: bool) -> tuple[Any, Any]:
        """Return for each series where those begin and end that are as long as it, and of its class if ``within``."""
        start, stop = np.searchsorted(self.lengths, [panel.length, panel.length + 1])
        if start == stop:
            known = ", ".join(map(str, np.unique(self.lengths)[:5]))
            raise ContractError(
                f"the pool has no series of {panel.length} steps (it has some of {known}); mix before what changes the length, "
                "or fit on series as long as these"
            )
        if not within:
            return np.full(panel.n, start), np.full(panel.n, stop)
        own, classes = hard(numpy_of(panel.label)), self.classes[start:stop]
        return start + np.searchsorted(classes, own), start + np.searchsorted(classes, own, side="right")

    def equal(self, prints: Any, start: Any, stop: Any) -> tuple[Any, Any]:
        """Return for each series where in its block those begin and end that have its fingerprint."""
        first, last = np.empty(len(prints), np.int64), np.empty(len(prints), np.int64)
        for begin, end in {(int(a), int(b)) for a, b in zip(start, stop, strict=True)}:
            rows = (start == begin) & (stop == end)
            first[rows] = begin + np.searchsorted(self.prints[begin:end], prints[rows])
            last[rows] = begin + np.searchsorted(self.prints[begin:end], prints[rows], side="right")
        return first, last


def hard(label: Any) -> Any:
    """Return the classes (m,) of labels: of soft ones the heaviest."""
    return label.argmax(axis=1) if label.ndim == 2 else label


def check_pool(pool: Pool, panel: Panel, within: bool, owner: str) -> None:
    """Raise where a pool cannot give partners to the series of a panel."""
    channels = pool.values.shape[1]
    if panel.channels != channels:
        raise PanelError(f"{owner} was fitted on series with {channels} channels, and these have {panel.channels}; fit it anew")
    missing = [k for k in ("label", "points") if getattr(panel, k) is not None and getattr(pool, k) is None]
    if "points" in missing:
        raise ContractError(
            f"{owner} was fitted on series without point labels, so those of a mixture would not be known; fit it on a "
            "panel with points, or drop them from this one"
        )
    if "label" in missing:
        why = "partners of its class cannot be told" if within else "the label of a mixture would not be known"
        raise ContractError(f"{owner} was fitted on series without class labels, so {why}; fit it on a panel with labels")


def _kept(array: Any) -> Any:
    """Return a copy in the machine's byte order, of half precision in single."""
    own = array.dtype.newbyteorder("=")
    return array.astype(np.float32 if own == np.float16 else own)


def _padded(rows: list[Array]) -> Any:
    arrays = [_kept(numpy_of(row)) for row in rows]
    longest = max(a.shape[-1] for a in arrays)
    out = np.zeros((len(arrays), *arrays[0].shape[:-1], longest), np.result_type(*arrays))
    for row, array in zip(out, arrays, strict=True):
        row[..., : array.shape[-1]] = array
    return out
