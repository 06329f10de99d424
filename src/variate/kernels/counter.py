"""Random numbers as a pure function of a key and a sample: Philox-4x32-10 [salmon2011].

Number j of a sample's stream is word j % 4 of the block with counter (j // 4, 0, id low, id high) under a 64-bit key,
so a prefix of a stream does not depend on its length, and a row not on its batch. Normals are Box-Muller pairs of
neighbouring words. Both bodies round after every operation, so their bits agree.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from variate.kernels.arrays import Array, empty, is_torch

NARROW = 64  # draws of up to this many numbers a row are vectorised across rows


def uniform(key: int, samples: Array, count: int) -> Array:
    """Return float32 uniforms (n, count) in (0, 1), (k + ½) / 2²³; samples are the 64-bit ids (n,)."""
    if is_torch(samples):
        return _torch_uniform(_torch_words(key, samples, count))
    from variate.kernels.compiled import counter

    out = empty((len(samples), count), np.float32)
    fill = counter.narrow_uniforms if count <= NARROW else counter.wide_uniforms
    fill(np.uint64(key), samples, out)
    return out


def normal(key: int, samples: Array, count: int) -> Array:
    """Return float32 standard normals (n, count)."""
    if is_torch(samples):
        return _torch_normal(key, samples, count)
    from variate.kernels.compiled import counter

    out = empty((len(samples), count), np.float32)
    fill = counter.narrow_normals if count <= NARROW else counter.wide_normals
    fill(np.uint64(key), samples, out)
    return out


def words(key: int, samples: Array, count: int) -> Array:
    """Return 32-bit words (n, count): uint32 for NumPy, int64 holding 32 bits for torch."""
    if is_torch(samples):
        return _torch_words(key, samples, count)
    from variate.kernels.compiled import counter

    out = empty((len(samples), count), np.uint32)
    counter.narrow_words(np.uint64(key), samples, out)
    return out


def below(key: int, samples: Array, share: float, count: int) -> Array:
    """Return booleans (n, count), each True with probability ``share``: exactly ``uniform(...) < share``."""
    if is_torch(samples):
        return uniform(key, samples, count) < share
    from variate.kernels.compiled import counter

    out = empty((len(samples), count), np.bool_)
    steps = max(math.ceil(float(np.float32(share)) * 2**23 - 0.5), 0)  # (k + ½) / 2²³ < share
    counter.wide_below(np.uint64(key), samples, np.uint64(steps << 9), out)
    return out


def add_normal(key: int, samples: Array, x: Array, scale: Array) -> Array:
    """Return x (n, c, t) + scale (n, c, 1)·normals without storing the normals, in x's dtype."""
    if is_torch(x):
        noise = _torch_normal(key, samples, x.shape[1] * x.shape[2]).reshape(x.shape)
        return x + scale.to(x.dtype) * noise.to(x.dtype)
    from variate.kernels.compiled import counter

    out = empty(x.shape, x.dtype)
    scale = np.ascontiguousarray(np.broadcast_to(scale, (*x.shape[:2], 1))[:, :, 0], dtype=x.dtype)
    counter.add_normals(np.uint64(key), samples, x, scale, out)
    return out


# --- the torch body: the same integers in int64 lanes, the same roundings in float32 -------------------------------


def _torch_words(key: int, samples: Any, count: int) -> Any:
    import torch

    low = 0xFFFFFFFF
    blocks = (count + 3) // 4
    shape = (len(samples), blocks)
    c0 = torch.arange(blocks, device=samples.device).expand(shape)
    c1 = torch.zeros(shape, dtype=torch.int64, device=samples.device)
    c2 = (samples & low)[:, None].expand(shape)
    c3 = ((samples >> 32) & low)[:, None].expand(shape)
    k0, k1 = key & low, key >> 32
    for _ in range(10):
        # int64 products wrap; their low and high halves are still those of the unsigned product
        product_0, product_1 = c0 * 0xD2511F53, c2 * 0xCD9E8D57
        c0, c2 = ((product_1 >> 32) & low) ^ c1 ^ k0, ((product_0 >> 32) & low) ^ c3 ^ k1
        c1, c3 = product_1 & low, product_0 & low
        k0, k1 = (k0 + 0x9E3779B9) & low, (k1 + 0xBB67AE85) & low
    return torch.stack((c0, c1, c2, c3), dim=-1).reshape(len(samples), 4 * blocks)[:, :count]


def _torch_uniform(w: Any) -> Any:
    return ((w >> 9).float() + 0.5) * 2.0**-23


def _torch_normal(key: int, samples: Any, count: int) -> Any:
    import torch

    w = _torch_words(key, samples, count + count % 2)
    radius = torch.sqrt(_minus_two_log(w[:, 0::2]).double()).float()  # torch's float32 root is not correctly rounded
    sine, cosine = _sine_cosine(w[:, 1::2])
    pairs = torch.stack((radius * cosine, radius * sine), dim=-1)
    return pairs.reshape(len(samples), -1)[:, :count]


def _minus_two_log(w: Any) -> Any:
    import torch

    bits = _torch_uniform(w).view(torch.int32)
    exponent = (bits - 0x3F3504F3) >> 23
    m = (bits - (exponent << 23)).view(torch.float32) - 1.0
    s = m / (m + 2.0)
    z = s * s
    series = z * (z * (z * (z * 0.2427907 + 0.28498787) + 0.40000972) + 0.6666666)
    square = m * 0.5 * m
    return (exponent.float() * 0.6931472 + (m - (square - s * (square + series)))) * -2.0


def _sine_cosine(w: Any) -> tuple[Any, Any]:
    import torch

    k = w >> 9
    quarter = (k + (1 << 20)) >> 21
    a = ((k - (quarter << 21)).float() + 0.5) * float(np.float32(2.0**-23 * 2.0 * math.pi))
    z = a * a
    s = a + a * z * (z * (z * -1.9515295891e-4 + 8.3321608736e-3) + -1.6666654611e-1)
    c = (1.0 - z * 0.5) + z * z * (z * (z * 2.443315711809948e-5 + -1.388731625493765e-3) + 4.166664568298827e-2)
    odd = (quarter & 1) != 0
    sine, cosine = torch.where(odd, c, s), torch.where(odd, s, c)
    sine = torch.where((quarter & 2) != 0, -sine, sine)
    return sine, torch.where(((quarter + 1) & 2) != 0, -cosine, cosine)
