"""Augmentation for scikit-learn: estimators that resample, as those of imbalanced-learn do.

``Augmenter`` adds augmented copies to a training set, ``Resampler`` to its small classes. As a step of imbalanced-learn's
pipeline they work in ``fit`` and are passed over in ``predict``, so that in a cross-validation only training folds are
augmented, each from itself.

>>> import numpy as np, variate
>>> from imblearn.pipeline import make_pipeline
>>> from sklearn.model_selection import GridSearchCV
>>> from sklearn.neighbors import KNeighborsClassifier
>>> from variate.sklearn import Augmenter
>>> wave = np.sin(np.arange(60) / 5) * np.repeat([1.0, -1.0], 20)[:, None]
>>> X, y = variate.Jitter(sigma=0.5)(wave, seed=0), np.repeat(["up", "down"], 20)
>>> model = make_pipeline(Augmenter(variate.TimeWarp()), KNeighborsClassifier(1))
>>> grid = {"augmenter__copies": [1, 4], "augmenter__aug": [variate.TimeWarp(), variate.Scaling()]}
>>> GridSearchCV(model, grid, cv=4).fit(X, y).predict(X[:2]).tolist()
['up', 'up']
"""

from variate.core.errors import VariateError

try:
    from variate.sklearn.augmenter import Augmenter
    from variate.sklearn.resampler import Resampler
except ImportError as error:
    if (error.name or "").partition(".")[0] != "sklearn":
        raise
    raise VariateError(
        "variate.sklearn needs scikit-learn 1.6 or newer, which is not installed; pip install 'variate[sklearn]'"
    ) from error

__all__ = ["Augmenter", "Resampler"]
