"""RobustTrend: a trend of few steps and few bends that outliers hardly move [wen2019trend]."""

from __future__ import annotations

import numpy as np

from variate.kernels.arrays import Array, empty, like, numpy_of


def robust_trend(x: Array, *, reg1: float = 1.0, reg2: float = 5.0, gamma: float = 0.0, most: int = 50) -> Array:
    """Return the trend τ (n, c, t) of x (n, c, t) in x's unit and dtype: the minimum of Σ h(y - τ) + λ1·Σ|Δτ| + λ2·Σ|Δ²τ|.

    h is the Huber loss: r²/2 up to γ, γ·|r| - γ²/2 beyond, so no reading pulls with more than γ. y is x less its median, in
    units of its median absolute deviation (of its mean one, where more than half of the readings are equal): so what is
    added to x is added to the trend, and a factor goes to it. A constant is its own trend, as is any series where both
    weights are 0. Large weights make the trend constant (λ1 ≥ γ·t/2) or straight (λ2 ≥ γ·t²/4), to rounding.

    The minimum is found to about 10⁻⁹ of its value by an interior point method, in float64 whatever x is, mostly in 10 to 25
    steps of linear cost: 1 ms or so for a thousand readings. (Our decision, as are all defaults: the paper's were not at
    hand.) A tensor makes a round trip through NumPy, and what comes out has no gradient.

    Args:
        x: series without gaps.
        reg1: λ1, the weight of steps: the more, the fewer and the smaller the jumps.
        reg2: λ2, the weight of bends: the more, the straighter. Jumps become ramps, of some ten readings at 5; at 0 they stay.
        gamma: γ, in the unit of y. 0 is 1.345 robust standard deviations of what a running median over seven readings
            leaves of y, but at least 0.4: such noise is 0 in smooth series, whose readings would then have no say.
        most: most steps of the method.
    """
    series = np.ascontiguousarray(numpy_of(x))
    if not reg1 > 0 and not reg2 > 0:
        return like(series.copy(), x)
    out = empty(series.shape, series.dtype)
    if out.size:
        from variate.kernels.compiled import robust_trend as compiled

        rows = series.reshape(-1, series.shape[2])
        compiled.robust_trend_rows(rows, float(reg1), float(reg2), float(gamma), most, out.reshape(rows.shape))
    return like(out, x)
