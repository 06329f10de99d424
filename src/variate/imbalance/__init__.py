"""Plain functions for classes, and anomalies, of which there are few: how many copies, the copies, weights and losses.

Only the module ``losses`` loads torch; its functions are imported from there.

>>> import numpy as np, variate
>>> from variate.imbalance import class_weights, oversample, plan
>>> label = [0, 0, 0, 1]
>>> plan(label).tolist(), class_weights(label).tolist()
([0, 0, 0, 2], [0.5, 1.5])
>>> oversample(variate.Panel(np.ones((4, 1, 8)), label=label), variate.Jitter()).label.tolist()
[0, 0, 0, 1, 1, 1]
"""

from variate.imbalance.clean import clean
from variate.imbalance.emphasis import emphasis
from variate.imbalance.oversample import oversample
from variate.imbalance.plan import plan
from variate.imbalance.weights import adapted_costs, class_weights, label_weights, value_weights

__all__ = ["adapted_costs", "class_weights", "clean", "emphasis", "label_weights", "oversample", "plan", "value_weights"]
