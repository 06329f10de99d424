"""Add what new operations give for one seed to ``outputs.npz``; ``--all`` writes every entry anew.

Use ``--all`` only when a change of outputs is meant, and say so in the changelog.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from golden.outputs import GOLDEN, outputs


def main() -> None:
    """Write the file where an entry is missing."""
    made, stored = outputs(), {}
    if GOLDEN.exists() and "--all" not in sys.argv:
        with np.load(GOLDEN) as arrays:
            stored = dict(arrays)
    if set(made) - set(stored):
        np.savez_compressed(GOLDEN, **{**made, **stored})
        print(f"wrote {GOLDEN.name}")


if __name__ == "__main__":
    main()
