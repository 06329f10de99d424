"""Philox-4x32-10 and the distributions made of it, for NumPy arrays [salmon2011]."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

MULTIPLIER_0 = np.uint64(0xD2511F53)
MULTIPLIER_1 = np.uint64(0xCD9E8D57)
WEYL_0 = np.uint64(0x9E3779B9)
WEYL_1 = np.uint64(0xBB67AE85)
LOW = np.uint64(0xFFFFFFFF)
HALF_WORD = np.uint64(32)
NINE = np.uint32(9)
ONE = np.float32(1)
HALF = np.float32(0.5)
STEP = np.float32(2.0**-23)
ANGLE = np.float32(2.0**-23 * 2.0 * math.pi)
TILE = 256  # blocks of four words: few calls a row, and the eight buffers stay in the first cache


@njit(inline="always")
def philox(c0, c1, c2, c3, k0, k1):
    """Return the four words of one block. State is kept in 64-bit lanes, which halves the time of 32-bit lanes."""
    for _ in range(10):
        product_0 = c0 * MULTIPLIER_0
        product_1 = c2 * MULTIPLIER_1
        c0 = (product_1 >> HALF_WORD) ^ c1 ^ k0
        c2 = (product_0 >> HALF_WORD) ^ c3 ^ k1
        c1 = product_1 & LOW
        c3 = product_0 & LOW
        k0 = (k0 + WEYL_0) & LOW
        k1 = (k1 + WEYL_1) & LOW
    return c0, c1, c2, c3


@njit(nogil=True, cache=True, error_model="numpy")
def row_blocks(key, sample, first, count, w):
    """Fill ``w[:, :count]`` with blocks first, first + 1, … of one sample's stream: vectorised along the row."""
    k0, k1 = key & LOW, key >> HALF_WORD
    c2, c3 = sample & LOW, sample >> HALF_WORD
    w0, w1, w2, w3 = w[0], w[1], w[2], w[3]
    for j in range(count):
        a, b, c, d = philox(np.uint64(first + j) & LOW, np.uint64(0), c2, c3, k0, k1)
        w0[j], w1[j], w2[j], w3[j] = np.uint32(a), np.uint32(b), np.uint32(c), np.uint32(d)


@njit(nogil=True, cache=True, error_model="numpy")
def column_blocks(key, samples, block, w):
    """Fill ``w[:, :n]`` with one block of each of n samples: vectorised across samples, for narrow draws."""
    k0, k1 = key & LOW, key >> HALF_WORD
    w0, w1, w2, w3 = w[0], w[1], w[2], w[3]
    for i in range(samples.shape[0]):
        s = samples[i]
        a, b, c, d = philox(np.uint64(block), np.uint64(0), s & LOW, s >> HALF_WORD, k0, k1)
        w0[i], w1[i], w2[i], w3[i] = np.uint32(a), np.uint32(b), np.uint32(c), np.uint32(d)


@njit(inline="always")
def uniform_of(word):
    """(k + ½) / 2²³ of the upper 23 bits: exact in float32, never 0 or 1."""
    return (np.float32(np.int32(word >> NINE)) + HALF) * STEP


@njit(inline="always")
def minus_two_log(word):
    """-2·ln of the word's uniform, relative error 2e-7: mantissa in [√½, √2), then an odd series in m / (2 + m)."""
    bits = np.float32(uniform_of(word)).view(np.int32)
    exponent = np.int32((bits - np.int32(0x3F3504F3)) >> np.int32(23))
    m = np.int32(bits - np.int32(exponent << np.int32(23))).view(np.float32) - ONE
    s = m / (np.float32(2) + m)
    z = s * s
    series = z * (
        np.float32(0.6666666) + z * (np.float32(0.40000972) + z * (np.float32(0.28498787) + z * np.float32(0.2427907)))
    )
    square = HALF * m * m
    log = np.float32(exponent) * np.float32(0.6931472) + (m - (square - s * (square + series)))
    return np.float32(-2) * log


@njit(inline="always")
def sine_cosine(word):
    """Sine and cosine of 2π times the word's uniform, absolute error 2e-7: nearest quarter turn, then two series."""
    k = np.int32(word >> NINE)
    quarter = np.int32((k + np.int32(1 << 20)) >> np.int32(21))
    a = (np.float32(np.int32(k - np.int32(quarter << np.int32(21)))) + HALF) * ANGLE
    z = a * a
    s = a + a * z * (np.float32(-1.6666654611e-1) + z * (np.float32(8.3321608736e-3) + z * np.float32(-1.9515295891e-4)))
    c = (ONE - HALF * z) + z * z * (
        np.float32(4.166664568298827e-2) + z * (np.float32(-1.388731625493765e-3) + z * np.float32(2.443315711809948e-5))
    )
    odd = (quarter & np.int32(1)) != 0
    sine = c if odd else s
    cosine = s if odd else c
    sine = -sine if (quarter & np.int32(2)) != 0 else sine
    cosine = -cosine if ((quarter + np.int32(1)) & np.int32(2)) != 0 else cosine
    return sine, cosine


@njit(nogil=True, cache=True, error_model="numpy")
def box_muller(w0, w1, z0, z1, count):
    """Turn two planes of words into two planes of standard normals."""
    for j in range(count):
        r = np.sqrt(minus_two_log(w0[j]))
        s, c = sine_cosine(w1[j])
        z0[j] = r * c
        z1[j] = r * s


@njit(nogil=True, cache=True, error_model="numpy")
def weave(z, count, out):
    """Write four planes as one row: number j of a stream is word j % 4 of block j // 4."""
    z0, z1, z2, z3 = z[0], z[1], z[2], z[3]
    for j in range(count):
        out[4 * j] = z0[j]
        out[4 * j + 1] = z1[j]
        out[4 * j + 2] = z2[j]
        out[4 * j + 3] = z3[j]


@njit(nogil=True, cache=True, error_model="numpy")
def weave_uniform(w, count, out):
    """As :func:`weave`, from words to uniforms."""
    w0, w1, w2, w3 = w[0], w[1], w[2], w[3]
    for j in range(count):
        out[4 * j] = uniform_of(w0[j])
        out[4 * j + 1] = uniform_of(w1[j])
        out[4 * j + 2] = uniform_of(w2[j])
        out[4 * j + 3] = uniform_of(w3[j])


@njit(nogil=True, cache=True, error_model="numpy")
def normal_row(key, sample, out, w, z):
    """Fill one row with standard normals; w and z are (4, TILE) buffers."""
    whole = out.shape[0] // 4
    for first in range(0, whole, TILE):
        count = min(TILE, whole - first)
        row_blocks(key, sample, first, count, w)
        box_muller(w[0], w[1], z[0], z[1], count)
        box_muller(w[2], w[3], z[2], z[3], count)
        weave(z, count, out[4 * first :])
    rest = out.shape[0] - 4 * whole
    if rest > 0:
        row_blocks(key, sample, whole, 1, w)
        box_muller(w[0], w[1], z[0], z[1], 1)
        box_muller(w[2], w[3], z[2], z[3], 1)
        for j in range(rest):
            out[4 * whole + j] = z[j, 0]


@njit(nogil=True, cache=True, error_model="numpy")
def uniform_row(key, sample, out, w):
    """Fill one row with uniforms; w is a (4, TILE) buffer."""
    whole = out.shape[0] // 4
    for first in range(0, whole, TILE):
        count = min(TILE, whole - first)
        row_blocks(key, sample, first, count, w)
        weave_uniform(w, count, out[4 * first :])
    rest = out.shape[0] - 4 * whole
    if rest > 0:
        row_blocks(key, sample, whole, 1, w)
        for j in range(rest):
            out[4 * whole + j] = uniform_of(w[j, 0])


@njit(nogil=True, cache=True, error_model="numpy")
def _uniform_plane(words, out):
    for i in range(words.shape[0]):
        out[i] = uniform_of(words[i])


@njit(nogil=True, cache=True)
def narrow_words(key, samples, out):
    """Fill out (n, count) with words, across samples."""
    n, count = out.shape
    w = np.empty((4, n), np.uint32)
    for block in range((count + 3) // 4):
        column_blocks(key, samples, block, w)
        for j in range(min(4, count - 4 * block)):
            out[:, 4 * block + j] = w[j]


@njit(nogil=True, cache=True)
def narrow_uniforms(key, samples, out):
    """Fill out (n, count) with uniforms, across samples."""
    n, count = out.shape
    w = np.empty((4, n), np.uint32)
    u = np.empty(n, np.float32)
    for block in range((count + 3) // 4):
        column_blocks(key, samples, block, w)
        for j in range(min(4, count - 4 * block)):
            _uniform_plane(w[j], u)
            out[:, 4 * block + j] = u


@njit(nogil=True, cache=True)
def narrow_normals(key, samples, out):
    """Fill out (n, count) with standard normals, across samples."""
    n, count = out.shape
    w = np.empty((4, n), np.uint32)
    z = np.empty((4, n), np.float32)
    for block in range((count + 3) // 4):
        column_blocks(key, samples, block, w)
        box_muller(w[0], w[1], z[0], z[1], n)
        box_muller(w[2], w[3], z[2], z[3], n)
        for j in range(min(4, count - 4 * block)):
            out[:, 4 * block + j] = z[j]


@njit(nogil=True, cache=True)
def wide_uniforms(key, samples, out):
    """Fill out (n, count) with uniforms, row by row."""
    w = np.empty((4, TILE), np.uint32)
    for i in range(out.shape[0]):
        uniform_row(key, samples[i], out[i], w)


@njit(nogil=True, cache=True)
def wide_normals(key, samples, out):
    """Fill out (n, count) with standard normals, row by row."""
    w = np.empty((4, TILE), np.uint32)
    z = np.empty((4, TILE), np.float32)
    for i in range(out.shape[0]):
        normal_row(key, samples[i], out[i], w, z)


@njit(nogil=True, cache=True, error_model="numpy")
def _add_scaled(x, noise, scale, out):
    for t in range(x.shape[0]):
        out[t] = x[t] + scale * noise[t]


@njit(nogil=True, cache=True)
def add_normals(key, samples, x, scale, out):
    """Fill out with x (n, c, t) + scale (n, c)·normals; the noise lives one row at a time and is never stored."""
    n, channels, length = x.shape
    w = np.empty((4, TILE), np.uint32)
    z = np.empty((4, TILE), np.float32)
    noise = np.empty(channels * length, np.float32)
    for i in range(n):
        normal_row(key, samples[i], noise, w, z)
        for c in range(channels):
            _add_scaled(x[i, c], noise[c * length : (c + 1) * length], scale[i, c], out[i, c])


@njit(nogil=True, cache=True, error_model="numpy")
def _below(key, sample, threshold, out):
    """Compare a row's words as they are made: storing them first costs a third more."""
    k0, k1 = key & LOW, key >> HALF_WORD
    c2, c3 = sample & LOW, sample >> HALF_WORD
    whole = out.shape[0] // 4
    for j in range(whole):
        a, b, c, d = philox(np.uint64(j), np.uint64(0), c2, c3, k0, k1)
        out[4 * j] = a < threshold
        out[4 * j + 1] = b < threshold
        out[4 * j + 2] = c < threshold
        out[4 * j + 3] = d < threshold
    last = philox(np.uint64(whole), np.uint64(0), c2, c3, k0, k1)
    for j in range(out.shape[0] - 4 * whole):
        out[4 * whole + j] = last[j] < threshold


@njit(nogil=True, cache=True)
def wide_below(key, samples, threshold, out):
    """Fill out (n, count) with word < threshold, both as 64-bit numbers."""
    for i in range(out.shape[0]):
        _below(key, samples[i], threshold, out[i])
