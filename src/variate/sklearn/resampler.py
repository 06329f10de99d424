"""Resampler: a training set whose small classes grow by augmented copies of themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.multiclass import type_of_target

from variate.core.draws import checked_seed
from variate.core.errors import PanelError
from variate.core.panel import Panel
from variate.core.transform import Transform
from variate.imbalance.oversample import LONELY, check_partners, grown
from variate.imbalance.plan import Target, plan
from variate.sklearn.door import check_fits, checked_aug, enter


class Resampler(BaseEstimator):  # type: ignore[misc]
    """Add augmented copies of the series of small classes to a training set: a step for ``imblearn.pipeline``.

    ``fit_resample(X, y)`` returns the originals first, then the copies, as
    :func:`variate.imbalance.oversample.oversample` does: copy k is epoch k of the seed, and the number of a row in X is its
    id. In a pipeline it works in ``fit`` and is passed over in ``predict``.

    X is ``(n, time)``, a table with a series a row, or ``(n, channels, time)``; NaN is a missing reading. It comes back
    as floats of its own precision, as an array, or as a DataFrame where it was one. y holds classes of any type, as
    names or numbers, or in columns of which one is 1 in each row.

    A transform that mixes series across classes makes class weights of labels, and no y of scikit-learn holds those: it is
    refused, as is one that changes the length, since originals and copies are one array.

    Args:
        aug: a transform or pipeline. ``fit`` fits it to the training set and leaves the one given here as it is. (It is
            not called ``transform``: a pipeline takes whatever has an attribute of that name for a transformer.)
        target: ``"equal"``, every class as large as the largest; ``"double"``, every class twice as large as the largest
            [ismailfawaz2018]; a number r in (0, 1], every smaller class at least r times as large as the largest; or a dict
            from class to how many samples it is to have, copies included.
        seed: an integer; None draws a new one in every ``fit``.
        lonely: ``"refuse"`` a series that is to be copied and has no other of its class for a transform that mixes, or
            ``"duplicate"`` it.

    Attributes:
        aug_: the fitted transform.
        seed_: the seed, also where it was drawn.
        copies_: how many copies each row of X gets.
        sample_indices_: after ``fit_resample``, the row of X that each row of the result comes from.
        n_features_in_: the number of steps, where X is 2-D.
        feature_names_in_: the names of the columns, where X is a data frame with such.

    Raises:
        ParameterError: when fitted, an aug that is no transform, a target that cannot be reached, or another lonely.
        PanelError: arrays that hold what no series can hold, or do not fit together, or a y that is no class a row.
        ContractError: a transform that makes class weights of y, or changes the length; a series without a partner.

    >>> import numpy as np, variate
    >>> from variate.sklearn import Resampler
    >>> X, y = np.arange(36.0).reshape(3, 3, 4), ["walk", "walk", "fall"]
    >>> X_more, y_more = Resampler(variate.Scaling(), target={"fall": 3}).fit_resample(X, y)
    >>> X_more.shape, y_more.tolist()
    ((5, 3, 4), ['walk', 'walk', 'fall', 'fall', 'fall'])
    """

    _estimator_type = "sampler"  # what imbalanced-learn knows its own by

    def __init__(
        self, aug: Transform | None = None, target: Target = "equal", seed: int | None = 0, lonely: str = "refuse"
    ) -> None:
        self.aug = aug
        self.target = target
        self.seed = seed
        self.lonely = lonely

    def fit(self, X: Any, y: Any) -> Resampler:
        """Check X and y and fit the transform to them; ``fit_resample`` does it too.

        Args:
            X: ``(n, time)`` or ``(n, channels, time)``.
            y: ``(n,)``, or ``(n, classes)`` with a single 1 in each row.
        """
        self._fit(X, y)
        return self

    def fit_resample(self, X: Any, y: Any) -> tuple[Any, Any]:
        """Return (X, y) with the originals followed by the augmented copies that their classes need.

        Args:
            X: ``(n, time)`` or ``(n, channels, time)``.
            y: ``(n,)``, or ``(n, classes)`` with a single 1 in each row.
        """
        panel, give_back = self._fit(X, y)
        out = grown(panel, self.aug_, self.copies_, self.seed_)
        self.sample_indices_ = out.extra["source"]
        return give_back(out)

    def _fit(self, X: Any, y: Any) -> tuple[Panel, Callable[[Panel], tuple[Any, Any]]]:
        """Fit to X and y; return their panel and the way back."""
        name = type(self).__name__
        given = checked_aug(self)
        LONELY.check(self.lonely, name)
        if y is None:
            raise PanelError(f"{name} requires y to be passed, but the target y is None; it tells which classes are small")
        panel, give_back = enter(self, X, y)
        copies, seed = plan(_classes(y, name), self.target), checked_seed(self.seed)
        aug = given.fit(panel, seed)
        check_fits(aug, panel)
        if self.lonely == "refuse":
            check_partners(aug, panel, copies, name)
        self.aug_, self.seed_, self.copies_ = aug, seed, copies
        return panel, give_back

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.estimator_type = self._estimator_type
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = True
        tags.target_tags.required = True
        return tags


def _classes(y: Any, owner: str) -> Any:
    """Return the class of each row (n,), for a column for each class its place; raise PanelError where y has none."""
    kind, rows = type_of_target(y, input_name="y"), np.asarray(y)
    if kind in ("binary", "multiclass"):
        return rows.reshape(len(rows))
    if kind == "multilabel-indicator" and (rows.sum(axis=1) == 1).all():
        return rows.argmax(axis=1)
    raise PanelError(
        f"Unknown label type: y is {kind}, and {owner} evens out classes, one a row; for targets of other kinds use "
        "variate.sklearn.Augmenter"
    )
