"""Pool: the known series that a Mix transform draws partners from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from variate.core.check import check_readings
from variate.core.draws import Draws
from variate.core.errors import ContractError, PanelError
from variate.core.panel import Panel
from variate.kernels.arrays import Array, is_torch, namespace, numpy_of
from variate.kernels.dtw import nearest
from variate.kernels.fingerprint import fingerprints
from variate.kernels.missing import fill, has_nan


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

    @property
    def classes(self) -> int:
        """The number of classes, 0 without labels."""
        if self.label is None:
            return 0
        return int(self.label.shape[1]) if self.label.ndim == 2 else int(self.label.max()) + 1

    @classmethod
    def of(cls, panel: Panel) -> Pool:
        """Return the pool of copies of a panel's series, from whichever library; states of segments are left out."""
        for index, part in panel.groups():
            check_readings(part.values, index)
        names = ("values", "label", "mask", *(("points",) if panel.point_role == "event" else ()))
        fields = {k: getattr(panel, k) for k in names if getattr(panel, k) is not None}
        label = _kept(fields.pop("label")) if "label" in fields else None
        label = label.astype(np.int64) if label is not None and label.dtype == bool else label
        if not panel.ragged:
            arrays = {k: _kept(v) for k, v in fields.items()}
            return cls(lengths=np.full(panel.n, panel.length), label=label, **arrays)
        lengths = np.array([v.shape[-1] for v in panel.values])
        return cls(lengths=lengths, label=label, **{k: _padded(v) for k, v in fields.items()})

    def draw(self, panel: Panel, within: bool, count: int, rng: Draws, any_length: bool = False) -> Any:
        """Return ``count`` different rows for each series of a panel, (n, count), -1 where there are no more.

        All of the series' length, or of any, are as likely, of its class if ``within``; series equal to it do not take part.
        """
        known, start, stop, first, last = self.others(panel, within, any_length)
        left = _shuffled(rng.distinct("partner", np.maximum(stop - start - (last - first), 0), count), rng)
        place = start[:, None] + left
        place = np.where(place >= first[:, None], place + (last - first)[:, None], place)
        return np.where(left >= 0, known[np.minimum(place, len(known) - 1)], -1)

    def draw_rivals(self, panel: Panel, count: int, rng: Draws, any_length: bool = False) -> Any:
        """Return ``count`` different rows of other classes for each series of a labelled panel, (n, count), -1 for none."""
        any_length = any_length and not panel.horizon  # stretched, a partner's target would come before the border
        known = self._sorted(True, any_length)
        start, stop = known.block(panel, True, any_length)
        begin, end = known.block(panel, False, any_length)
        left = numpy_of(rng.distinct("rival", (end - begin) - (stop - start), count))
        place = begin[:, None] + left
        place = np.where(place >= start[:, None], place + (stop - start)[:, None], place)
        return np.where(left >= 0, known.rows[np.minimum(place, len(known.rows) - 1)], -1)

    def near(self, panel: Panel, within: bool, count: int, metric: str, band: float) -> Any:
        """Return the rows of the ``count`` series that are nearest to each of a panel, (n, count), -1 where there are no more.

        By the distance of DTW, of any length, or by the Euclidean one, of the series' length; those that equal it left out.
        """
        any_length = metric == "dtw"
        order, start, stop, _, _ = self.others(panel, within, any_length)
        x = fill(numpy_of(panel.bare))
        return nearest(x, self.full, self.lengths, order, start, stop, count, band=band, metric=metric, equals=False)[0]

    @property
    def gaps(self) -> bool:
        """Whether any reading is missing, be it for a step that was not observed; it is kept."""
        if "_gaps" not in self.__dict__:
            self.__dict__["_gaps"] = self.mask is not None or has_nan(self.values)
        return bool(self.__dict__["_gaps"])

    @property
    def full(self) -> Any:
        """The values without gaps, be they of readings or of steps; they are kept."""
        if "_full" not in self.__dict__:
            bare = self.values if self.mask is None else np.where(self.mask[:, None], self.values, np.nan)
            full = bare.copy() if np.isnan(bare).any() else bare
            for length in np.unique(self.lengths) if full is not bare else ():
                rows = np.flatnonzero(self.lengths == length)
                full[rows, :, :length] = fill(bare[rows, :, :length])
            self.__dict__["_full"] = full
        return self.__dict__["_full"]

    def others(self, panel: Panel, within: bool, any_length: bool = False) -> tuple[Any, Any, Any, Any, Any]:
        """Return rows in an order, and for each series of a panel from where to where in it its possible partners are.

        (rows, start, stop, first, last): those from start to stop, but for those from first to last, which equal it.
        """
        any_length = any_length and not panel.horizon  # stretched, a partner's target would come before the border
        known = self._sorted(within, any_length)
        start, stop = known.block(panel, within, any_length)
        return (known.rows, start, stop, *known.equal(panel.values, start, stop))

    def _sorted(self, within: bool, any_length: bool) -> _Sorted:
        """Return the rows in an order in which equal ones are neighbours, the same for any precision; it is kept."""
        key = f"_sorted{within}{any_length}"
        if key not in self.__dict__:
            single = np.empty(len(self.values), np.uint64)
            double = single if self.values.dtype.itemsize == 4 else np.empty_like(single)
            for length in np.unique(self.lengths):
                rows = self.lengths == length
                single[rows], double[rows] = _prints(self.values[rows, :, :length])
            classes = np.zeros(len(single), np.int64) if self.label is None else hard(self.label)
            lengths = np.zeros_like(self.lengths) if any_length else self.lengths
            order = np.lexsort((double, single, classes, lengths) if within else (classes, double, single, lengths))
            fine = self.values.dtype.itemsize == 8
            self.__dict__[key] = _Sorted(order, lengths[order], classes[order], single[order], double[order], fine)
        found: _Sorted = self.__dict__[key]
        return found


class _Sorted(NamedTuple):
    """The rows of a pool, sorted by length, class if it plays a part, and fingerprint, and what they are sorted by."""

    rows: Any
    lengths: Any
    classes: Any
    single: Any
    double: Any
    fine: bool

    def block(self, panel: Panel, within: bool, any_length: bool) -> tuple[Any, Any]:
        """Return for each series where those begin and end that are as long as it, and of its class if ``within``."""
        length = 0 if any_length else panel.length
        start, stop = np.searchsorted(self.lengths, [length, length + 1])
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

    def equal(self, x: Array, start: Any, stop: Any) -> tuple[Any, Any]:
        """Return for each series where in its block those begin and end that equal it, in the coarser precision of both."""
        single, double = _prints(x)
        first, last = np.empty(len(single), np.int64), np.empty(len(single), np.int64)
        for begin, place in zip(*np.unique(start, return_index=True), strict=True):
            rows, end = start == begin, stop[place]
            first[rows] = begin + np.searchsorted(self.single[begin:end], single[rows])
            last[rows] = begin + np.searchsorted(self.single[begin:end], single[rows], side="right")
        if self.fine and x.dtype.itemsize == 8:
            for i in np.flatnonzero(last > first):  # alike in single precision: mostly the series itself
                among = self.double[first[i] : last[i]]
                last[i] = first[i] + np.searchsorted(among, double[i], side="right")
                first[i] += np.searchsorted(among, double[i])
        return first, last


def _prints(x: Array) -> tuple[Any, Any]:
    """Return the fingerprints of series in single precision and in their own."""
    if x.dtype.itemsize == 4:
        found = fingerprints(x)
        return found, found
    xp = namespace(x)
    with np.errstate(over="ignore", invalid="ignore"):
        return fingerprints(xp.astype(x, xp.float32)), fingerprints(x)


def _shuffled(numbers: Array, rng: Draws) -> Any:
    """Return different numbers (n, k) in random order, those that are -1 last: the first few of a choice are no even one."""
    chosen = numpy_of(numbers)
    if chosen.shape[1] == 1:
        return chosen
    mixed = np.take_along_axis(chosen, numpy_of(rng.at("partner").order("order", chosen.shape[1])), axis=1)
    return np.take_along_axis(mixed, np.argsort(mixed < 0, axis=1, kind="stable"), axis=1)


def hard(label: Any) -> Any:
    """Return the classes (m,) of labels: of soft ones the heaviest."""
    return label.argmax(axis=1) if label.ndim == 2 else label


def check_pool(pool: Pool, panel: Panel, within: bool, owner: str) -> None:
    """Raise where a pool cannot give partners to the series of a panel."""
    channels = pool.values.shape[1]
    if panel.channels != channels:
        raise PanelError(f"{owner} was fitted on series with {channels} channels, and these have {panel.channels}; fit it anew")
    if panel.points is not None and pool.points is None:
        raise ContractError(
            f"{owner} was fitted on series without point labels of events, so those of a mixture would not be known; fit it on "
            "a panel with points, or drop them from this one"
        )
    if panel.label is None:
        return
    if pool.label is None:
        why = "partners of its class cannot be told" if within else "the label of a mixture would not be known"
        raise ContractError(f"{owner} was fitted on series without class labels, so {why}; fit it on a panel with labels")
    if panel.label.ndim == 2:
        _check_classes(pool, int(panel.label.shape[1]), owner)


def _check_classes(pool: Pool, classes: int, owner: str) -> None:
    """Raise PanelError where the classes of a pool are not those of class weights."""
    weights = pool.label.ndim == 2
    if weights and pool.classes == classes:
        return
    if weights or pool.classes > classes or int(pool.label.min()) < 0:
        known = f"{pool.classes} class weights" if weights else f"classes from {int(pool.label.min())} to {pool.classes - 1}"
        raise PanelError(
            f"{owner} was fitted on labels with {known}, and class weights need 0 … {classes - 1}, as those of these series; "
            "fit it on labels of the same classes"
        )


def _kept(array: Array) -> Any:
    """Return a copy in NumPy, row by row in memory and in the machine's byte order, of half precision in single."""
    if is_torch(array):
        array = array.detach().cpu()
        array = array.float() if array.dtype.is_floating_point and array.dtype.itemsize == 2 else array
    plain = numpy_of(array)
    own = plain.dtype.newbyteorder("=")
    return plain.astype(np.float32 if own == np.float16 else own, order="C")  # np.take copies all of another order


def _padded(rows: list[Array]) -> Any:
    arrays = [_kept(row) for row in rows]
    longest = max(a.shape[-1] for a in arrays)
    out = np.zeros((len(arrays), *arrays[0].shape[:-1], longest), np.result_type(*arrays))
    for row, array in zip(out, arrays, strict=True):
        row[..., : array.shape[-1]] = array
    return out
