"""Symmetric, positive definite systems with a band: their factors and solutions.

A matrix is kept by its upper rows: ``matrix[i, k]`` is the entry (i, i + k). It has zeros on the right and below, so that
four rows can be eliminated at a time with no thought of the edges.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

LOST = 1e-15
"""A pivot so small against its diagonal is rounding: its unknown is set to 0, for nothing tells what it is."""


@njit(nogil=True, cache=True)
def blank(unknowns, band):
    """Return the zeros (rows, columns) of a system in which unknowns up to ``band`` places apart meet."""
    return np.zeros(((unknowns + 3) // 4 * 4 + band + 4, band + 4))


@njit(nogil=True, cache=True, error_model="numpy")
def _pivot(matrix, diagonal, i):
    if matrix[i, 0] <= LOST * diagonal[i]:
        matrix[i, 0] = math.inf
    return matrix[i, 0]


@njit(nogil=True, cache=True, error_model="numpy")
def factor(matrix):
    """Replace a matrix by D and D·U, where it is UᵀDU with ones on the diagonal of U."""
    band = matrix.shape[1] - 4
    diagonal = matrix[:, 0].copy()
    for i in range(0, matrix.shape[0] - band - 4, 4):
        for p in range(4):
            pivot = _pivot(matrix, diagonal, i + p)
            for q in range(p + 1, 4):
                row, target = matrix[i + p, q - p :], matrix[i + q]
                share = row[0] / pivot
                for k in range(row.shape[0]):
                    target[k] -= share * row[k]
        for offset in range(4, band + 4):
            a, b, c, d = (
                matrix[i, offset:],
                matrix[i + 1, offset - 1 :],
                matrix[i + 2, offset - 2 :],
                matrix[i + 3, offset - 3 :],
            )
            share_a, share_b = a[0] / matrix[i, 0], b[0] / matrix[i + 1, 0]
            share_c, share_d = c[0] / matrix[i + 2, 0], d[0] / matrix[i + 3, 0]
            target = matrix[i + offset]
            for k in range(a.shape[0]):
                target[k] -= (share_a * a[k] + share_b * b[k]) + (share_c * c[k] + share_d * d[k])


@njit(nogil=True, cache=True, error_model="numpy")
def solve(factors, right):
    """Replace the right side, with as many zeros behind it as the factors have rows too many, by the solution."""
    width = factors.shape[1] - 3
    rows = factors.shape[0] - width - 3
    for i in range(rows):
        row, rest = factors[i], right[i : i + width]
        share = rest[0] / row[0]
        for k in range(1, width):
            rest[k] -= share * row[k]
    for i in range(rows - 1, -1, -1):
        row, rest = factors[i], right[i : i + width]
        total = 0.0
        for k in range(1, width):
            total += row[k] * rest[k]
        rest[0] = (rest[0] - total) / row[0]
