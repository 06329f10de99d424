"""spectrogram, scalogram, modwt and surrogates: what they return, for whom, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.signal import get_window

import variate
from variate import Panel, VariateError

X = np.random.default_rng(0).normal(size=(3, 2, 128))


def test_a_spectrogram_is_that_of_windows_in_a_loop():
    """Breaks where a frame is cut elsewhere, the window is another, or bins are not magnitudes."""
    found = variate.spectrogram(X, size=32)
    window = get_window("hann", 32)
    for frame in range(3, 10):
        part = X[..., frame * 8 - 16 : frame * 8 + 16] * window
        np.testing.assert_allclose(found[..., frame], np.abs(np.fft.rfft(part)), atol=1e-9)


def test_mel_bands_add_bins_up():
    mel = variate.spectrogram(X, mel=6, size=32)
    assert mel.shape == (3, 2, 6, variate.spectrogram(X, size=32).shape[3])
    assert (mel >= 0).all()


def test_a_scalogram_peaks_at_the_period_of_a_sine():
    """Breaks where scales are in another order or unit."""
    from variate.kernels.cwt import periods

    sine = np.sin(2 * np.pi * np.arange(512) / 20)
    strongest = variate.scalogram(sine)[0, 0, :, 200:300].mean(axis=-1).argmax()
    assert abs(np.log2(periods(512)[strongest] / 20)) <= 1 / 8


def test_tensors_come_back_as_tensors_and_agree():
    x = torch.from_numpy(X)
    for function in (variate.spectrogram, variate.scalogram):
        out = function(x)
        assert isinstance(out, torch.Tensor)
        np.testing.assert_allclose(out.numpy(), function(X), atol=1e-8)
    details, smooth = variate.modwt(x)
    np.testing.assert_allclose(variate.imodwt(details, smooth).numpy(), X, atol=1e-8)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: variate.spectrogram([1.0, np.nan]), "missing readings"),
        (lambda: variate.scalogram([np.ones(3), np.ones(4)]), "needs series of one length"),
        (lambda: variate.scalogram(X, wavelet="haar"), "wavelet must be one of"),
        (lambda: variate.modwt(X, wavelet="haa"), "modwt: "),
        (lambda: variate.spectrogram(X, mel=10_000), "spectrogram\\(mel=10000\\)"),
        (lambda: variate.surrogates(X, factor=0), "factor must be an integer of at least 1"),
        (lambda: variate.surrogates(X, method="faft"), "method must be one of"),
        (lambda: variate.surrogates(Panel(X, points=np.zeros((3, 128), bool)), factor=2), "forgets when"),
    ],
)
def test_what_cannot_be_done_is_said(call, words):
    with pytest.raises(VariateError, match=words):
        call()


@pytest.mark.parametrize("method", ["aaft", "iaaft", "fourier", "wiaaft"])
def test_surrogates_count_the_originals_and_copy_labels(method):
    """Breaks where a factor of 3 makes 3 copies, originals are not first, or labels are another's."""
    x, y = variate.surrogates(X, np.array([4, 5, 6]), factor=3, method=method)
    assert x.shape == (9, 2, 128)
    assert y.tolist() == [4, 5, 6] * 3
    np.testing.assert_array_equal(x[:3], X)
    spectra = [np.abs(np.fft.rfft(v)) for v in (x[3:6], X)]
    assert np.linalg.norm(spectra[0] - spectra[1]) < 0.3 * np.linalg.norm(spectra[1])
    assert not np.array_equal(x[3:6], x[6:])
    again, _ = variate.surrogates(X, np.array([4, 5, 6]), factor=3, method=method)
    np.testing.assert_array_equal(again, x)
    assert variate.surrogates(X[:, 0], factor=2).shape == (6, 128)
