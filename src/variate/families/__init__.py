"""Families: what follows what. A transform's family is its promise about labels.

============ ================== =========== =================== ================= ================================
family       class label        points      mask, covariates    length            forecast target
============ ================== =========== =================== ================= ================================
Value        stays              stay        stay                same              follows, or scope="past": untouched
Time         stays              follow      follow              as announced      past and future stay apart
Label        may change         may change  stay                same              stays, or the op refuses a horizon
Mix          by weight          strongest   mask: all; own     same              follows, or scope="past": untouched
Composite    as its steps, which are of the families above
============ ================== =========== =================== ================= ================================
"""

from variate.families.composite import CompositeTransform
from variate.families.label import LabelTransform
from variate.families.mix import Mixed, MixTransform
from variate.families.time import Pieces, TimeTransform, pieces
from variate.families.value import ValueTransform

__all__ = [
    "CompositeTransform",
    "LabelTransform",
    "MixTransform",
    "Mixed",
    "Pieces",
    "TimeTransform",
    "ValueTransform",
    "pieces",
]
