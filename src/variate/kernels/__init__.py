"""Numerics that several operations share: plain functions, arrays to arrays.

No randomness of their own, no labels, no validation of user input. Where speed matters a function has two bodies:
numba for NumPy arrays (in ``kernels.compiled``, imported at the first call) and torch for tensors.
"""
