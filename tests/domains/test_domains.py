"""Domains: there and back is the series, and the parts are what their names say."""

import numpy as np
import pytest
import pywt
from scipy import signal

from kernels.oracles import as_body, as_numpy
from transforms.helpers import BODIES, run, same_bits, series
from variate import In, Panel
from variate.core.errors import ParameterError
from variate.domains import domain as base
from variate.domains.domain import domains, make

CASES = [
    ("spectrum", {}),
    ("dwt", {}),
    ("dwt", {"wavelet": "db4", "level": 3}),
    ("dwt", {"wavelet": "sym8"}),
    ("modwt", {}),
    ("modwt", {"wavelet": "haar", "level": 4}),
    ("modwt", {"wavelet": "la16", "boundary": "reflection"}),
    ("stft", {}),
    ("stft", {"size": 5}),
    ("cwt", {}),
    ("cwt", {"wavelet": "ricker", "spacing": 0.5}),
]
LENGTHS = (1, 2, 3, 5, 16, 17, 100, 101)
CLOSE = {np.float32: 5e-6, np.float64: 2e-11}
"""Of the largest reading; PyWavelets' filters have twelve digits, which limits MODWT."""


def parts_of(body, name, x, **options):
    """Return the parts of x in NumPy."""
    parts, _ = make(name, options).forward(as_body(body, x))
    return {part: [as_numpy(array) for array in arrays] for part, arrays in parts.items()}


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize(("name", "options"), CASES)
def test_with_nothing_inside_the_series_comes_back(body, dtype, length, name, options):
    """Breaks where an odd or short length is padded and not cut, a mean is lost, or float32 becomes float64."""
    x = series(n=3, length=length, dtype=dtype)
    x[0, 0] = 0
    x[0, 1] = -7.3
    y = run(body, In(name, **options), x)[0]
    assert y.dtype == dtype
    np.testing.assert_allclose(y, x, rtol=0, atol=CLOSE[dtype] * np.abs(x).max())


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("length", [2, 5, 16, 101])
@pytest.mark.parametrize("name", ["spectrum", "dwt", "modwt", "stft", "cwt"])
def test_gaps_and_unobserved_steps_come_back_too(body, dtype, length, name):
    """Breaks where a NaN spreads over the parts, is made up, or an unobserved reading loses a bit."""
    x = series(n=6, channels=2, length=length, dtype=dtype)
    rng = np.random.default_rng(length)
    gone = rng.random(x.shape) < 0.3
    gone[..., 0] = False  # a channel without any reading is another matter
    x[gone] = np.nan
    mask = rng.random((6, length)) < 0.7
    mask[:, 0] = True
    for panel in (Panel(x), Panel(x, mask=mask), Panel(np.nan_to_num(x), mask=mask), Panel(x, horizon=1, mask=mask)):
        y = run(body, In(name), panel)[0].values
        assert y.dtype == dtype
        np.testing.assert_allclose(y, panel.values, rtol=0, atol=CLOSE[dtype] * np.nanmax(np.abs(x)))
        if panel.mask is not None:
            hidden = np.broadcast_to(~mask[:, None], x.shape)
            assert same_bits(y[hidden], panel.values[hidden])


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("length", [1, 2, 16, 17])
def test_spectrum_is_amplitude_and_phase(body, length):
    x = series(length=length)
    parts = parts_of(body, "spectrum", x)
    bins = np.fft.rfft(x)
    np.testing.assert_allclose(parts["amplitude"][0], np.abs(bins), rtol=0, atol=1e-11)
    np.testing.assert_allclose(parts["amplitude"][0] * np.exp(1j * parts["phase"][0]), bins, rtol=0, atol=1e-11)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("length", [16, 17, 100])
def test_dwt_has_the_finest_details_first(body, length):
    """Breaks where level 1 is the coarsest, or the mode is not periodization."""
    x = series(length=length)
    parts = parts_of(body, "dwt", x, wavelet="db2", level=2)
    approximation, coarse, fine = pywt.wavedec(x, "db2", mode="periodization", level=2, axis=-1)
    for found, wanted in zip([*parts["details"], *parts["approximation"]], [fine, coarse, approximation], strict=True):
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-12 * np.abs(x).max())
    assert len(parts_of(body, "dwt", x)["details"]) == pywt.dwt_max_level(length, 2)
    assert len(parts_of(body, "dwt", x, level=50)["details"]) == pywt.dwt_max_level(length, 2)


@pytest.mark.parametrize("body", BODIES)
def test_modwt_is_the_golden_one_finest_first(body):
    """Breaks where signs, phases or the order of levels differ from METHODS 3.6."""
    x = np.array([1.0, 2, 4, 7, 11, 16, 22, 29])[None, None]
    parts = parts_of(body, "modwt", x, wavelet="haar", level=2)
    np.testing.assert_allclose(parts["details"][0][0, 0], [-14, 0.5, 1, 1.5, 2, 2.5, 3, 3.5], atol=1e-11)
    np.testing.assert_allclose(parts["details"][1][0, 0], [-2, -12, -6, 2, 3, 4, 5, 6], atol=1e-11)
    np.testing.assert_allclose(parts["smooth"][0][0, 0], [17, 13.5, 9, 3.5, 6, 9.5, 14, 19.5], atol=1e-11)
    x = series(length=100)
    assert len(parts_of(body, "modwt", x)["details"]) == 3  # floor(log2(99 / 7 + 1))
    assert len(parts_of(body, "modwt", x, wavelet="haar")["details"]) == 6


@pytest.mark.parametrize("body", BODIES)
def test_stft_and_cwt_rows_go_channel_by_channel(body):
    """Breaks where bins or scales of two channels are mixed up: the rows of channel c are those of c alone."""
    x = series(channels=3, length=100)
    for name in ("stft", "cwt"):
        whole = parts_of(body, name, x)
        for part in ("magnitude", "phase"):
            alone = [parts_of(body, name, x[:, c : c + 1].copy())[part][0] for c in range(3)]
            np.testing.assert_allclose(whole[part][0], np.concatenate(alone, axis=1), rtol=0, atol=1e-9)
    magnitude = parts_of(body, "stft", x, size=16)["magnitude"][0]
    assert magnitude.shape[1] == 3 * 9
    window = signal.get_window("hann", 16)
    seen = np.abs(np.fft.rfft(x[:, 1, 40:56] * window))  # a frame in the middle
    frames = magnitude[:, 9:18]
    assert np.abs(frames - seen[:, :, None]).max(axis=(0, 1)).min() < 1e-9


@pytest.mark.parametrize(("name", "options"), CASES)
def test_parts_that_keep_time_have_a_step_for_each_step(name, options):
    """Breaks where Time transforms are let into a part whose steps are not those of the series."""
    for length in (3, 16, 101):
        view = make(name, options)
        parts = view.forward(series(length=length))[0]
        assert set(parts) == set(view.parts)
        for part in view.keeps_time:
            for array in parts[part]:
                assert array.shape == (4, 2, length)


def test_a_file_is_a_domain_and_its_name_finds_it():
    known = domains()
    assert {"spectrum", "dwt", "modwt", "stft", "cwt"} <= set(known)
    assert list(known) == sorted(known)
    assert all(cls.name == name and set(cls().keeps_time) <= set(cls.parts) for name, cls in known.items())
    assert base.Domain not in known.values()


@pytest.mark.parametrize(("name", "options", "sentence"), [
    ("modvt", {}, r"In\('modvt'\): there is no such domain; did you mean 'modwt'\?"),
    (3, {}, r"In\(3\): there is no such domain"),
    (None, {}, r"In\(None\): there is no such domain"),
    ("modwt", {"wavlet": "haar"}, r"In\('modwt'\) has no part or option 'wavlet'; did you mean 'wavelet'\?.*details, smooth"),
    ("spectrum", {"size": 3}, r"In\('spectrum'\) has no part or option 'size'"),
    ("modwt", {"wavelet": "db99"}, "wavelet must be one of"),
    ("modwt", {"level": -1}, "level must be at least 0"),
    ("modwt", {"boundary": "zero"}, "boundary must be one of"),
    ("dwt", {"wavelet": "morlet"}, "wavelet must be one of"),
    ("stft", {"size": 2.5}, "size must be"),
    ("cwt", {"spacing": 0.0}, "spacing must"),
])  # fmt: skip
def test_what_is_no_domain_or_option_is_refused_with_what_there_is(name, options, sentence):
    with pytest.raises(ParameterError, match=sentence):
        In(name, **options)
