"""Data by name for experiments, from the folder that the environment variable ``VARIATE_DATA`` names.

>>> from variate.tasks.sources import Classification, load
>>> data = load("seasonal", Classification, n=10)
>>> data.train.values.shape, data.test.n, data.classes
((8, 1, 2016), 2, ('other', 'seasonal'))
"""

from variate.tasks.sources.catalogue import CATALOGUE, Source
from variate.tasks.sources.kinds import Classification, Detection, Forecasting, LongForecasting, Series
from variate.tasks.sources.loader import load

__all__ = ["CATALOGUE", "Classification", "Detection", "Forecasting", "LongForecasting", "Series", "Source", "load"]
