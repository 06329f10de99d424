"""What every Value transform owes to a mask and to a forecast target, as checks that take the op."""

from __future__ import annotations

import numpy as np

from transforms.helpers import run, same_bits, series
from variate import Panel

HORIZON = 20
"""Of 60 steps, in the checks below."""


def assert_unobserved_steps_do_not_count(body, op, seed=0):
    """Unobserved steps keep their bits, and what stands there changes no observed reading."""
    x = series(n=8, channels=3)
    mask = np.random.default_rng(5).random((8, 60)) < 0.7
    hidden = np.broadcast_to(~mask[:, None], x.shape)
    wild = np.where(hidden, 1e9, x)
    y, z = (run(body, op, Panel(v, mask=mask), seed)[0].values for v in (x, wild))
    assert same_bits(y[hidden], x[hidden])
    assert same_bits(z[hidden], wild[hidden])
    assert same_bits(y[~hidden], z[~hidden])
    assert (y != x).any()


def assert_past_alone(body, op, seed=0):
    """With scope="past" the target keeps its bits, and the past is what it would be without one."""
    assert op.scope == "past"
    x = series(n=8, channels=3)
    x[:, 1, 30:43:3] = np.nan  # a gap over the border must not be bridged from the target
    y = run(body, op, Panel(x, horizon=HORIZON), seed)[0].values
    past = np.ascontiguousarray(x[..., :-HORIZON])
    assert same_bits(y[..., -HORIZON:].copy(), x[..., -HORIZON:].copy())
    assert same_bits(y[..., :-HORIZON].copy(), run(body, op, past, seed)[0])
    assert (y != x)[..., :-HORIZON].any()


def assert_past_does_not_see_the_target(body, op, seed=0):
    """Other targets, other gaps in them: the past is the same bit for bit; and the other way round."""
    x = series(n=8, channels=3)
    x[:, 0, 37:43] = np.nan  # over the border
    other_target, other_past = x.copy(), x.copy()
    other_target[..., -HORIZON:] = 1e3 * x[..., -HORIZON:] + 7
    other_target[:, 2, -HORIZON:-5] = np.nan
    other_past[..., :-HORIZON] = 1e3 * x[..., :-HORIZON] - 7
    other_past[:, 2, 20:-HORIZON] = np.nan
    y, a, b = (run(body, op, Panel(v, horizon=HORIZON), seed)[0].values for v in (x, other_target, other_past))
    assert same_bits(y[..., :-HORIZON].copy(), a[..., :-HORIZON].copy())
    assert same_bits(y[..., -HORIZON:].copy(), b[..., -HORIZON:].copy())
