"""Presets: pipelines that papers report, as functions that make them; nothing about them is fixed once made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from variate.core.transform import Transform
from variate.pipeline.compose import Compose
from variate.pipeline.inside import In
from variate.transforms.frequency.amplitude_phase_perturbation import AmplitudePhasePerturbation
from variate.transforms.magnitude.flip import Flip
from variate.transforms.magnitude.jitter import Jitter
from variate.transforms.magnitude.rotation import Rotation
from variate.transforms.magnitude.scaling import Scaling
from variate.transforms.time.crop import Crop
from variate.transforms.time.permutation import Permutation
from variate.transforms.time.time_warp import TimeWarp
from variate.transforms.time.window_warp import WindowWarp


def um2017() -> Compose:
    """Return the best combination of Um et al. for wearable sensors: permutation, rotation, time warping [um2017].

    Four pieces of at least 10 steps, and a time warp of sigma 0.2, as in the paper's code; axes uniform on the sphere,
    which is our decision. It is refused on a forecast window, and one channel is turned over in half of the samples.

    >>> import variate
    >>> [step.op for step in variate.um2017().steps]
    ['permutation', 'rotation', 'time_warp']
    """
    return Compose(Permutation(segments=4, split="random", min_length=10), Rotation(), TimeWarp(sigma=0.2))


def rashid2019() -> Compose:
    """Return the combination of Rashid and Louis for motion sensors: jitter, scaling, rotation, time warping [rashid2019].

    Their magnitudes could not be found, so the steps have this library's defaults. It goes on a forecast window too.

    >>> import variate
    >>> [step.op for step in variate.rashid2019().steps]
    ['jitter', 'scaling', 'rotation', 'time_warp']
    """
    return Compose(Jitter(), Scaling(), Rotation(), TimeWarp())


def survey_classification() -> Compose:
    """Return what the survey's classification experiment trains with: cropping, window warping, flipping [wen2021].

    It gives no magnitudes: crop and warp have this library's defaults, and half of the samples are flipped.

    >>> import variate
    >>> [step.op for step in variate.survey_classification().steps]
    ['crop', 'window_warp', 'flip']
    """
    return Compose(Crop(), WindowWarp(), Flip(p=0.5))


def survey_forecasting() -> Compose:
    """Return what the survey's forecasting experiment trains with: cropping, warping, flipping and APP [wen2021].

    It gives no magnitudes: the steps have this library's defaults, and half of the samples are flipped.

    >>> import variate
    >>> [step.op for step in variate.survey_forecasting().steps]
    ['crop', 'window_warp', 'flip', 'amplitude_phase_perturbation']
    """
    return Compose(Crop(), WindowWarp(), Flip(p=0.5), AmplitudePhasePerturbation())


def wavelet_app() -> In:
    """Return APP on every level of a wavelet transform, which the survey proposes as future work [wen2021].

    The MODWT, amplitude and phase perturbation of each level of details with stretches of its own, and back; the smooth rest
    stays, and with it the mean. Amplitudes are measured against those of their own level, so strength scales with it.

    >>> import variate
    >>> variate.wavelet_app()
    In('modwt', details=AmplitudePhasePerturbation())
    """
    return In("modwt", details=AmplitudePhasePerturbation())


PRESETS: tuple[Callable[[], Transform], ...] = (um2017, rashid2019, survey_classification, survey_forecasting, wavelet_app)
presets: Mapping[str, Callable[[], Transform]] = MappingProxyType({preset.__name__: preset for preset in PRESETS})
"""Preset name → the function that makes it; the command line takes these names for a policy."""
