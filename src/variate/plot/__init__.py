"""Pictures: what an augmentation does to a series, and how two arms of an experiment compare.

Every function returns a ``matplotlib.figure.Figure`` that belongs to no window and no global list: :func:`save` it, or
let a notebook show it, which it does by itself. Colours are those of Okabe and Ito, told apart by everyone.

>>> import variate
>>> from variate import plot
>>> figure = plot.show(variate.TimeWarp(sigma=0.4), seed=1)     # four example series; or pass a panel of your own
>>> len(figure.axes)
12
"""

from variate.plot.catalogue import Facts, facts, picture, sample
from variate.plot.files import check_target, save
from variate.plot.page import gallery
from variate.plot.pairs import before_after, paired_scores
from variate.plot.series import examples
from variate.plot.style import needs_matplotlib
from variate.plot.triptych import show

__all__ = [
    "Facts",
    "before_after",
    "check_target",
    "examples",
    "facts",
    "gallery",
    "needs_matplotlib",
    "paired_scores",
    "picture",
    "sample",
    "save",
    "show",
]
