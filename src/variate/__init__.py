"""variate: more, and better, training data out of the time series you have.

>>> import numpy as np, variate
>>> aug = variate.Compose(variate.Jitter(sigma=0.05), variate.TimeWarp())
>>> x, y = np.random.default_rng(0).normal(size=(8, 3, 100)), np.arange(8) % 2
>>> x_new, y_new = aug(x, y, seed=0)
>>> x_new.shape, y_new.tolist()
((8, 3, 100), [0, 1, 0, 1, 0, 1, 0, 1])
"""

from types import MappingProxyType as _ReadOnly

from variate._discovery import discover as _discover
from variate.core.engine import set_threads
from variate.core.errors import VariateError
from variate.core.panel import Panel
from variate.core.spec import load, registry, save
from variate.imbalance.oversample import oversample
from variate.pipeline.bagging import bagging
from variate.pipeline.decompose import decompose, estimate_period
from variate.pipeline.distances import dtw
from variate.pipeline.expand import expand
from variate.pipeline.features import imodwt, modwt, scalogram, spectrogram
from variate.pipeline.outliers import inject_outliers
from variate.pipeline.presets import (
    bld_mbb,
    rashid2019,
    robust_tad,
    survey_classification,
    survey_forecasting,
    um2017,
    wavelet_app,
)
from variate.pipeline.slices import slices
from variate.pipeline.surrogates import surrogates
from variate.pipeline.vote import vote

__version__ = "0.1.0"

_classes = _discover()
ops = _ReadOnly(registry)
"""Operation name → class, for every augmentation and pipeline."""

globals().update(_classes)

__all__ = [
    "Panel",
    "VariateError",
    "bagging",
    "bld_mbb",
    "decompose",
    "dtw",
    "estimate_period",
    "expand",
    "imodwt",
    "inject_outliers",
    "load",
    "modwt",
    "ops",
    "oversample",
    "rashid2019",
    "robust_tad",
    "save",
    "scalogram",
    "set_threads",
    "slices",
    "spectrogram",
    "surrogates",
    "survey_classification",
    "survey_forecasting",
    "um2017",
    "vote",
    "wavelet_app",
    *_classes,
]
