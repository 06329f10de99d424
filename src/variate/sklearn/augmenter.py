"""Augmenter: a training set that grows by augmented copies of itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sklearn.base import BaseEstimator

from variate.core.draws import checked_seed
from variate.core.panel import Panel
from variate.core.param import Param
from variate.core.transform import Transform
from variate.pipeline.expand import expand
from variate.sklearn.door import check_fits, checked_aug, enter

COPIES = Param("copies", "int", default=1, low=0)


class Augmenter(BaseEstimator):  # type: ignore[misc]
    """Add augmented copies of every series to a training set: a step for ``imblearn.pipeline``.

    ``fit_resample(X, y)`` returns the originals first, then the copies, as :func:`variate.expand` does: copy k is epoch k
    of the seed, and the number of a row in X is its id. scikit-learn's own pipeline takes no steps that change the number
    of rows; imbalanced-learn's takes them, in ``fit``, and passes them over in ``predict``.

    X is ``(n, time)``, a table with a series a row, or ``(n, channels, time)``; NaN is a missing reading. It comes back
    as floats of its own precision, as an array, or as a DataFrame where it was one. y is whatever a scikit-learn
    estimator takes: classes of any type, numbers, several targets a row. A copy has the target of its original, unless
    the transform changes that.

    A transform that mixes series makes class weights of labels, and no y of scikit-learn holds those: it is refused, as
    is one that changes the length, since originals and copies are one array. Without y there is nothing to mix up, and
    any transform that keeps the length is welcome.

    Args:
        aug: a transform or pipeline. ``fit`` fits it to the training set and leaves the one given here as it is.
        copies: how many augmented copies of each series, an integer of at least 0.
        seed: an integer; None draws a new one in every ``fit``.

    Attributes:
        aug_: the fitted transform.
        seed_: the seed, also where it was drawn.
        sample_indices_: after ``fit_resample``, the row of X that each row of the result comes from.
        n_features_in_: the number of steps, where X is 2-D.
        feature_names_in_: the names of the columns, where X is a data frame with such.

    Raises:
        ParameterError: when fitted, an aug that is no transform, or copies that are no number.
        PanelError: arrays that hold what no series can hold, or do not fit together.
        ContractError: a transform that makes class weights of y, or changes the length.

    >>> import numpy as np, variate
    >>> from variate.sklearn import Augmenter
    >>> X, y = np.arange(24.0).reshape(2, 3, 4), ["walk", "run"]
    >>> X_more, y_more = Augmenter(variate.Scaling(), copies=2).fit_resample(X, y)
    >>> X_more.shape, y_more.tolist()
    ((6, 3, 4), ['walk', 'run', 'walk', 'run', 'walk', 'run'])
    """

    _estimator_type = "sampler"  # what imbalanced-learn knows its own by

    # the transform is not called that: a pipeline takes whatever has an attribute `transform` for a transformer
    def __init__(self, aug: Transform | None = None, copies: int = 1, seed: int | None = 0) -> None:
        self.aug = aug
        self.copies = copies
        self.seed = seed

    def fit(self, X: Any, y: Any = None) -> Augmenter:
        """Check X and y and fit the transform to them; ``fit_resample`` does it too.

        Args:
            X: ``(n, time)`` or ``(n, channels, time)``.
            y: ``(n,)`` or ``(n, targets)``.
        """
        self._fit(X, y)
        return self

    def fit_resample(self, X: Any, y: Any = None) -> tuple[Any, Any]:
        """Return (X, y) with the originals followed by their augmented copies, ``(copies + 1)·n`` rows.

        Args:
            X: ``(n, time)`` or ``(n, channels, time)``.
            y: ``(n,)`` or ``(n, targets)``; without one, None comes back in its place.
        """
        panel, give_back = self._fit(X, y)
        out = expand(panel, self.aug_, int(self.copies), self.seed_)
        self.sample_indices_ = out.extra["source"]
        return give_back(out)

    def _fit(self, X: Any, y: Any) -> tuple[Panel, Callable[[Panel], tuple[Any, Any]]]:
        """Fit to X and y; return their panel and the way back."""
        given = checked_aug(self)
        COPIES.check(self.copies, type(self).__name__)
        panel, give_back = enter(self, X, y)
        seed = checked_seed(self.seed)
        aug = given.fit(panel, seed)
        check_fits(aug, panel)
        self.aug_, self.seed_ = aug, seed
        return panel, give_back

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.estimator_type = self._estimator_type
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = True
        tags.target_tags.multi_output = True
        return tags
