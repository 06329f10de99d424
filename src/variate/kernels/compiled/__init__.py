"""The numba bodies: serial, ``nogil``, cached on disk, never ``parallel=True``.

A forked DataLoader worker dies of numba's OpenMP layer, so threads live in ``core.engine`` alone. Inner loops are in
functions over one row or one tile, which vectorise where loops over two axes often do not. No fast-math flag where a
random number is made: every operation is then one IEEE rounding, and the bits are the same on every machine.
"""

import os
import tempfile
from pathlib import Path

import numba


def _cache_somewhere() -> None:
    """Where neither this folder nor the home may be written to, as in a hardened container, cache for this machine only.

    numba would refuse to compile at all.
    """
    own, home = Path(__file__).parent, Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    nearest = next(p for p in (home, *home.parents) if p.exists())
    if not getattr(numba.config, "CACHE_DIR", "") and not os.access(own, os.W_OK) and not os.access(nearest, os.W_OK):
        setattr(numba.config, "CACHE_DIR", tempfile.mkdtemp(prefix="variate-numba-"))  # noqa: B010 - not in its stubs


_cache_somewhere()
