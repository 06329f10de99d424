"""Outputs are part of the interface: the same seed gives the same series in every release, unless the changelog says so.

Stored are the numbers and not their hash: warps and normals agree between machines to rounding, which a hash cannot see.
"""

from __future__ import annotations

import numpy as np

from golden.outputs import GOLDEN, outputs


def test_outputs_are_those_of_the_last_release():
    """A new operation or example needs ``make generate``; a changed number needs a reason."""
    made = outputs()
    with np.load(GOLDEN) as stored:
        assert set(stored) == set(made), f"gone or new (make generate adds): {sorted(set(stored) ^ set(made))}"
        for name in stored:
            np.testing.assert_allclose(made[name], stored[name], rtol=1e-6, atol=1e-6, err_msg=name)
