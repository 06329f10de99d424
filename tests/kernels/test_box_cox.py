"""Box-Cox against SciPy, and Guerrero's power against a literal search and R's golden number."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import boxcox, inv_boxcox

from kernels.oracles import BODIES, as_body, as_numpy, few
from variate.kernels import box_cox as kernel

DTYPES = (np.float32, np.float64)
CLOSE = {np.float32: 1e-5, np.float64: 1e-9}
POWERS = (0.0, 5e-324, 1e-300, 1e-12, 1e-9, 1e-6, 9.9e-5, 1.01e-4, 1e-3, 0.01, 0.1, 0.25, 0.5, 0.9, 0.999, 1.0)
AIR_PASSENGERS = [
    [112, 118, 132, 129, 121, 135, 148, 148, 136, 119, 104, 118],
    [115, 126, 141, 135, 125, 149, 170, 170, 158, 133, 114, 140],
    [145, 150, 178, 163, 172, 178, 199, 199, 184, 162, 146, 166],
    [171, 180, 193, 181, 183, 218, 230, 242, 209, 191, 172, 194],
    [196, 196, 236, 235, 229, 243, 264, 272, 237, 211, 180, 201],
    [204, 188, 235, 227, 234, 264, 302, 293, 259, 229, 203, 229],
    [242, 233, 267, 269, 270, 315, 364, 347, 312, 274, 237, 278],
    [284, 277, 317, 313, 318, 374, 413, 405, 355, 306, 271, 306],
    [315, 301, 356, 348, 355, 422, 465, 467, 404, 347, 305, 336],
    [340, 318, 362, 348, 363, 435, 491, 505, 404, 359, 310, 337],
    [360, 342, 406, 396, 420, 472, 548, 559, 463, 407, 362, 405],
    [417, 391, 419, 461, 472, 535, 622, 606, 508, 461, 390, 432],
]
AIR = np.array(AIR_PASSENGERS, float).reshape(1, 1, -1)


def positive(length, seed=0, dtype=np.float64, rows=2, channels=2):
    return np.random.default_rng(seed).lognormal(size=(rows, channels, length), sigma=1.5).astype(dtype)


def forward(body, x, lam):
    return as_numpy(kernel.box_cox(as_body(body, x), lam if isinstance(lam, float) else as_body(body, lam)))


def backward(body, x, lam):
    return as_numpy(kernel.inverse_box_cox(as_body(body, x), lam if isinstance(lam, float) else as_body(body, lam)))


def power_of(body, x, period, *span):
    return as_numpy(kernel.guerrero(as_body(body, x), period, *span))


def variation(series, size, power):
    """The criterion of METHODS 4.4, literally."""
    blocks = np.asarray(series, float)[len(series) % size :].reshape(-1, size)
    ratio = blocks.std(axis=1, ddof=1) / blocks.mean(axis=1) ** (1 - power)
    return ratio.std(ddof=1) / ratio.mean()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("lam", [*POWERS, -1.0, -0.3, 2.0])
def test_forward_is_scipys(body, dtype, lam):
    """Breaks where a small power loses digits, the logarithm is not its limit, or 1 does more than shift."""
    x = positive(200, dtype=dtype)
    y = forward(body, x, lam)
    assert y.dtype == dtype
    expected = boxcox(x.astype(float), float(dtype(lam)))
    np.testing.assert_allclose(
        y, expected, rtol=5e-6 if dtype == np.float32 else 1e-14, atol=1e-7 if dtype == np.float32 else 1e-15
    )
    if lam == 1:
        np.testing.assert_array_equal(y, x - 1)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("lam", [*POWERS, 2.0])
def test_inverse_is_scipys(body, lam):
    """Breaks where a small power loses digits on the way back; SciPy's own smallest ones do."""
    x = np.random.default_rng(1).normal(size=(2, 2, 100))
    x = np.where(lam * x > -0.9, x, 0.5)
    np.testing.assert_allclose(backward(body, x, lam), inv_boxcox(x, lam if lam > 1e-300 else 0), rtol=1e-13)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", DTYPES)
@given(lam=st.sampled_from(POWERS), length=st.sampled_from((1, 2, 7, 16, 101)), seed=st.integers(0, 99), sign=st.booleans())
@few
def test_the_inverse_gives_the_series_back(body, dtype, lam, length, seed, sign):
    """Breaks where the two disagree on a branch; float32 stores x - 1 no nearer than 6e-8 for however small an x."""
    x = positive(length, seed, dtype)
    if sign and lam >= 0.1:  # below 0 the step of 2/λ swallows what is stored
        x[..., ::3] *= -1
    kept = x.copy()
    z = backward(body, forward(body, x, lam), lam)
    assert z.dtype == dtype
    assert (np.abs(z - x) <= CLOSE[dtype] * np.maximum(np.abs(x), 1)).all()
    assert x.tobytes() == kept.tobytes()


@pytest.mark.parametrize("body", BODIES)
def test_the_sign_form(body):
    """Breaks where readings of 0 or below are lost, or come out of order."""
    x = np.array([-9.0, -4, -1, 0, 1, 4, 9])[None, None]
    np.testing.assert_allclose(forward(body, x, 0.5)[0, 0], [-8, -6, -4, -2, 0, 2, 4], rtol=1e-14)
    np.testing.assert_allclose(backward(body, forward(body, x, 0.5), 0.5), x, rtol=1e-13, atol=1e-14)
    np.testing.assert_array_equal(forward(body, x, 1.0), x - 1)
    np.testing.assert_array_equal(backward(body, x, 1.0), x + 1)
    np.testing.assert_array_equal(forward(body, x, 0.0)[0, 0, :4], -math.inf)
    np.testing.assert_array_equal(forward(body, x, -0.5)[0, 0, 3], -math.inf)
    np.testing.assert_allclose(forward(body, x, -0.5)[0, 0, :3], [8 / 3, 3, 4], rtol=1e-14)  # (-|x|^-½ - 1)/-½


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("lam", [0.0, 1e-9, 1e-3, 0.01, 0.2, 0.5, 1.0])
def test_what_no_reading_becomes_has_a_finite_inverse(body, dtype, lam):
    """Breaks where a bootstrapped value below -1/λ, or a far too large one, is NaN, infinite or warned of."""
    steps = np.linspace(-3, 3, 61)
    x = np.concatenate([steps, steps * 1e4, steps / max(lam, 1e-3)]).astype(dtype)[None, None]
    y = backward(body, x, lam)
    assert np.isfinite(y).all()
    order = np.argsort(x[0, 0], kind="stable")
    assert (np.diff(y[0, 0, order]) >= 0).all()
    if lam == 0.5:
        np.testing.assert_allclose(backward(body, np.full((1, 1, 1), -10, dtype), lam), -16, rtol=1e-6)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_forward_does_not_overflow(body, dtype):
    """Breaks where a power above 1 of a large reading is infinite or warned of."""
    x = np.array([1e-30, 1e-10, 1, 1e10, 1e30, -1e30]).astype(dtype)[None, None]
    for lam in (-3.0, 2.0, 12.0):
        assert np.isfinite(forward(body, x, lam)).all()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_channel_has_its_own_power(body, dtype):
    """Breaks where powers (n, c, 1) are taken from another row, or leave the dtype of x."""
    x = positive(11, dtype=dtype, rows=3)
    lam = np.array([0, 1e-9, 0.3, 0.7, 1, 0.01]).reshape(3, 2, 1)
    y = forward(body, x, lam)
    z = backward(body, y, lam)
    assert y.dtype == z.dtype == dtype
    for i, c in np.ndindex(3, 2):
        alone = np.ascontiguousarray(x[i : i + 1, c : c + 1])
        np.testing.assert_array_equal(y[i : i + 1, c : c + 1], forward(body, alone, float(lam[i, c, 0])))
        np.testing.assert_array_equal(
            z[i : i + 1, c : c + 1], backward(body, forward(body, alone, float(lam[i, c, 0])), lam[i, c, 0].item())
        )


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_row_does_not_feel_its_batch(body, dtype):
    """Breaks, in the last bit, where a logarithm or a sum depends on its place in memory."""
    x = positive(37, dtype=dtype, rows=7, channels=3)
    lam = power_of(body, x, 4, -1.0, 2.0)
    y = forward(body, x, lam)
    z = backward(body, y, lam)
    for rows in ([0], [6], [5, 2], [6, 5, 4, 3, 2, 1, 0]):
        part, own = np.ascontiguousarray(x[rows]), np.ascontiguousarray(lam[rows])
        assert power_of(body, part, 4, -1.0, 2.0).tobytes() == own.tobytes()
        assert forward(body, part, own).tobytes() == np.ascontiguousarray(y[rows]).tobytes()
        assert backward(body, np.ascontiguousarray(y[rows]), own).tobytes() == np.ascontiguousarray(z[rows]).tobytes()


@pytest.mark.parametrize("lam", [0.0, 1e-9, 1e-5, 0.3, 1.0, 2.0])
def test_gradients(lam):
    """Breaks where a branch not taken puts NaN into the gradient, or small powers spoil it."""
    x = torch.tensor([0.02, 0.5, 1, 1.5, 30], dtype=torch.float64).reshape(1, 1, -1).requires_grad_()
    power = torch.full((1, 1, 1), lam, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda a: kernel.box_cox(a, power), (x,), eps=1e-7)
    y = kernel.box_cox(x, power).detach().requires_grad_()
    assert torch.autograd.gradcheck(lambda a: kernel.inverse_box_cox(a, power), (y,), eps=1e-7)
    back = kernel.inverse_box_cox(kernel.box_cox(x, power), power)
    back.sum().backward()
    torch.testing.assert_close(x.grad, torch.ones_like(x), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("lam", [0.2, 1.0])
def test_gradients_where_readings_are_not_above_0(lam):
    """Breaks where 0 has no logarithm, so that NaN spreads from it through the gradient."""
    x = torch.tensor([-2.0, 0.0, 3.0], dtype=torch.float64).reshape(1, 1, -1).requires_grad_()
    kernel.box_cox(x, lam).sum().backward()
    assert x.grad[0, 0, 0].item() == pytest.approx(2 ** (lam - 1))
    assert torch.isfinite(x.grad).all()
    y = torch.tensor([-1 / lam - 3, -1 / lam, 3.0], dtype=torch.float64).reshape(1, 1, -1).requires_grad_()
    kernel.inverse_box_cox(y, lam).sum().backward()
    assert torch.isfinite(y.grad).all()


def test_gradient_to_the_power():
    """Breaks where the slope in λ is a difference of large numbers near 0: there it is (ln x)²/2."""
    x = torch.tensor([0.5, 3.0], dtype=torch.float64).reshape(1, 1, -1)
    for lam in (0.0, 1e-12, 1e-6):
        power = torch.full((1, 1, 1), lam, dtype=torch.float64, requires_grad=True)
        kernel.box_cox(x, power).sum().backward()
        assert power.grad.item() == pytest.approx(float((x.log() ** 2).sum() / 2), rel=2e-6)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_golden_power(body, dtype):
    """Breaks where blocks, deviations or the exponent are another convention's; R shows -0.2947 and nearly 0."""
    x = AIR.astype(dtype)
    free = power_of(body, x, 12, -1.0, 2.0)
    assert free.shape == (1, 1, 1)
    assert free.dtype == dtype
    assert free.item() == pytest.approx(-0.2947, abs=5e-5)
    assert power_of(body, x, 12).item() == 0
    assert power_of(body, x, 12, 0.2, 0.9).item() == pytest.approx(0.2)


@pytest.mark.parametrize("body", BODIES)
@given(
    length=st.sampled_from((4, 5, 12, 31, 96)),
    period=st.sampled_from((1, 2, 3, 5, 12)),
    seed=st.integers(0, 999),
    span=st.sampled_from(((0.0, 1.0), (-1.0, 2.0))),
)
@few
def test_no_power_of_a_fine_grid_is_better(body, length, period, seed, span):
    """Breaks where the search stays in the wrong valley, counts blocks from the front, or stops early."""
    rng = np.random.default_rng(seed)
    level = np.exp(np.cumsum(rng.normal(size=length)) * rng.choice([0.1, 0.5]))
    series = level * (1 + 0.8 * rng.uniform(-1, 1, length) * level ** rng.uniform(-0.4, 0.2) / level.max() ** 0.3)
    series = np.abs(series) + 0.01 * level
    found, size = power_of(body, series[None, None], period, *span).item(), max(period, 2)
    if length < 2 * size:
        assert found == 1
        return
    grid = np.linspace(*span, 301)
    assert span[0] <= found <= span[1]
    assert variation(series, size, found) <= min(variation(series, size, p) for p in grid) + 1e-9


def test_the_power_stays_in_its_range():
    """Breaks where an end of the range is passed by a rounding, or only approached: here 1 is best, spread and level apart."""
    x = (np.arange(40) // 2 + 5 + np.tile([-1.0, 1], 20))[None, None]
    assert kernel.guerrero(x, 2, 0.0, 3.0).item() == pytest.approx(1, abs=1e-6)
    for low, high in ((0.0, 0.9), (0.1, 0.3), (0.1, 0.95), (-1.0, 0.0)):
        assert kernel.guerrero(x, 2, low, high).item() == high
    for low, high in ((1.1, 2.0), (1.3, 1.9)):
        assert kernel.guerrero(x, 2, low, high).item() == low


def test_the_deeper_of_two_valleys_is_found():
    """Breaks where a section of the whole range is all there is: a golden one goes to the valley at -1."""
    mean = np.array([0.55, 6.64, 26.34, 0.2, 90.59])
    spread = np.array([0.2, 0.00599, 0.00568, 0.02612, 0.01058]) / math.sqrt(2)
    series = np.stack([mean - spread, mean + spread], axis=1).reshape(1, 1, -1)

    def criterion(power):
        return variation(series[0, 0], 2, power)

    assert minimize_scalar(criterion, bounds=(-1, 0), method="bounded").x < -0.99
    valley = minimize_scalar(criterion, bounds=(1, 2), method="bounded")
    assert valley.fun < criterion(-1) - 0.4
    assert kernel.guerrero(series, 2, -1.0, 2.0).item() == pytest.approx(valley.x, abs=1e-5)
    assert kernel.guerrero(series, 2, -1.0, 0.0).item() == -1


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("factor", [1e-9, 1e-3, 1e9])
def test_a_factor_does_not_change_the_power(body, dtype, factor):
    """Breaks where what is too near 0 is told in the unit of the data."""
    x = (AIR * factor).astype(dtype)
    assert power_of(body, x, 12, -1.0, 2.0).item() == pytest.approx(-0.294724, abs=2e-5)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_where_no_power_can_be_told_it_is_1(body, dtype):
    """Breaks where a logarithm of nothing, a division by no spread, or a choice among equals comes out."""
    rng = np.random.default_rng(0)
    flat = np.tile([1.0, 3.0, 2.0], 8)
    odd = [
        np.full(24, 5.0),  # no spread
        flat,  # one level
        rng.permuted(np.tile([0.1, 0.2, 0.7], (8, 1)), axis=1).ravel(),  # one level but for rounding
        rng.permuted(np.tile([0.1, 0.2, 0.7], (8, 1)), axis=1).ravel() * np.repeat([1, 1 + 1e-12], 12),
        np.zeros(24),
        rng.normal(size=24),  # below 0
        np.concatenate([[0.0], AIR[0, 0, :23]]),
        np.concatenate([[1e-5], AIR[0, 0, :23]]),  # as good as 0 beside hundreds
        -AIR[0, 0, :24],
    ]
    for series in odd:
        assert power_of(body, series[None, None].astype(dtype), 3, 0.0, 0.5).item() == 1
    above = np.concatenate([[1e-3], AIR[0, 0, :23]])
    assert power_of(body, above[None, None].astype(dtype), 3, 0.0, 0.5).item() < 1
    for length in (0, 1, 2, 23):
        assert (power_of(body, AIR[..., :length].astype(dtype), 12) == 1).all()
    assert power_of(body, AIR[..., :24].astype(dtype), 12, 0.0, 0.5).item() < 1
    assert power_of(body, AIR[..., :3].astype(dtype), 1, 0.0, 0.5).item() == 1  # blocks have two readings at least
    assert power_of(body, AIR[..., :4].astype(dtype), 1, 0.0, 0.5).item() < 1


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("shape", [(0, 2, 30), (2, 0, 30), (2, 2, 0)])
def test_no_series_and_no_steps(body, shape):
    """Breaks where an empty batch cannot be reshaped, or has no median."""
    x = np.ones(shape)
    lam = power_of(body, x, 3)
    assert lam.shape == (*shape[:2], 1)
    assert forward(body, x, lam).shape == shape
    assert backward(body, x, lam).shape == shape


def test_views_are_read_as_they_are():
    """Breaks where a reversed, strided or read-only array is taken for a contiguous one."""
    base = positive(80, rows=4)
    for x in (base[..., ::-1], base[::2, :, ::3], np.broadcast_to(base[:1, :, :11], (4, 2, 11))):
        plain = x.copy()
        lam = kernel.guerrero(x, 3, -1.0, 2.0)
        assert lam.tobytes() == kernel.guerrero(plain, 3, -1.0, 2.0).tobytes()
        y = kernel.box_cox(x, lam)
        np.testing.assert_array_equal(y, kernel.box_cox(plain, lam))
        np.testing.assert_array_equal(kernel.inverse_box_cox(y[..., ::-1], lam)[..., ::-1], kernel.inverse_box_cox(y, lam))


def test_both_bodies_agree():
    """Breaks where one library has another branch."""
    x = positive(50)
    lam = kernel.guerrero(x, 4, -1.0, 2.0)
    assert as_numpy(kernel.guerrero(torch.from_numpy(x), 4, -1.0, 2.0)).tobytes() == lam.tobytes()
    np.testing.assert_allclose(forward("torch", x, lam), forward("numba", x, lam), rtol=1e-13, atol=1e-14)
