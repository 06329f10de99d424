"""The numba bodies: serial, ``nogil``, cached on disk, never ``parallel=True``.

A forked DataLoader worker dies of numba's OpenMP layer, so threads live in ``core.engine`` alone. Inner loops are in
functions over one row or one tile, which vectorise where loops over two axes often do not. No fast-math flag where a
random number is made: every operation is then one IEEE rounding, and the bits are the same on every machine.
"""
