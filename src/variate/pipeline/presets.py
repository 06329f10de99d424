"""Presets: pipelines that papers report, as functions that make them; nothing about them is fixed once made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from variate.core.errors import ParameterError
from variate.core.param import Param
from variate.core.transform import Transform
from variate.pipeline.compose import Compose
from variate.pipeline.inside import In
from variate.transforms.decomposition.component import Component
from variate.transforms.decomposition.moving_block_bootstrap import MovingBlockBootstrap
from variate.transforms.frequency.amplitude_phase_perturbation import AmplitudePhasePerturbation
from variate.transforms.label.label_expansion import LabelExpansion
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


def bld_mbb(period: int | str = "auto", block: int = 0) -> In:
    """Return the bootstrap of Bergmeir et al.: Box-Cox, STL, and blocks of the remainder moved [bergmeir2016].

    Guerrero's λ between 0 and 1; a strictly periodic season; blocks of two periods. Where no period is found, the trend is a
    local line over six readings, and blocks have eight.

    Args:
        period: steps in a season; ``"auto"`` looks for it in each series.
        block: steps in a block; 0 for those above.

    >>> import variate
    >>> variate.bld_mbb(period=12)
    In('box_cox', transformed=In('stl', remainder=MovingBlockBootstrap(), window=0, period=12), period=12)
    """
    return In(
        "box_cox", transformed=In("stl", remainder=MovingBlockBootstrap(block=block), period=period, window=0), period=period
    )


def robust_tad(
    remainder: Transform | None = None,
    trend: Transform | None = None,
    seasonal: Transform | None = None,
    *,
    period: int | str = "auto",
    output: str = "series",
) -> Compose:
    """Return RobustTAD's augmentation for anomaly detection: parts of a RobustSTL, changed apart [gao2020].

    The remainder is flipped, its labels are expanded, its spectrum is perturbed (APP), and it is cropped: together with the
    other parts, so that all have the same window. Labels follow what happens to the remainder. The magnitudes are this
    library's defaults, and half of the samples are flipped. It is refused on a forecast window.

    Args:
        remainder: what enters the remainder in place of flip, label expansion and APP.
        trend: what enters the trend; nothing by default.
        seasonal: what enters the season; nothing by default.
        period: steps in a season; ``"auto"`` looks for it in each series.
        output: ``"series"``, with trend and season added back, or ``"remainder"``, which the survey's detector learns from.

    Raises:
        ParameterError: another output, or something to enter a part that does not come out.

    >>> import variate
    >>> [step.op for step in variate.robust_tad(output="remainder").steps]
    ['component', 'flip', 'label_expansion', 'amplitude_phase_perturbation', 'crop']
    """
    Param("output", "str", "series", choices=("series", "remainder")).check(output, "robust_tad")
    steps = (Flip(p=0.5), LabelExpansion(), AmplitudePhasePerturbation()) if remainder is None else (remainder,)
    given = {"trend": trend, "seasonal": seasonal}
    entering = {name: part for name, part in given.items() if part is not None}
    if output == "series":
        return Compose(In("robust_stl", remainder=Compose(*steps), **entering, period=period), Crop())
    if entering:
        raise ParameterError(
            f"robust_tad(output='remainder'): nothing of {' and '.join(entering)} comes out; leave out what enters"
        )
    return Compose(Component(period=period), *steps, Crop())


PRESETS: tuple[Callable[..., Transform], ...] = (
    um2017,
    rashid2019,
    survey_classification,
    survey_forecasting,
    wavelet_app,
    bld_mbb,
    robust_tad,
)
presets: Mapping[str, Callable[..., Transform]] = MappingProxyType({preset.__name__: preset for preset in PRESETS})
"""Preset name → the function that makes it; the command line takes these names for a policy."""
