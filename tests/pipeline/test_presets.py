"""Presets: what papers report, step by step, as pipelines like any other."""

import numpy as np
import pytest
from scipy import stats

import variate
from kernels.oracles import FALSE_ALARM
from transforms.helpers import BODIES, run, same_bits, series
from variate import Compose, Crop, Flip, Jitter, Panel, Permutation, Rotation, Scaling, TimeWarp, WindowWarp, load, save
from variate.core.errors import ContractError
from variate.pipeline.presets import presets

MEANT = {
    # METHODS 1.12 and 1.17: four pieces of at least 10 by random lengths; any axis; METHODS 1.13: sigma 0.2, four knots
    "um2017": Compose(
        Permutation(segments=4, split="random", min_length=10, p=1.0),
        Rotation(angle=180.0, mode="axis", shared=False, axis="sphere", proper=False),
        TimeWarp(sigma=0.2, knots=4),
    ),
    # METHODS 1.17: the magnitudes could not be found, so this library's defaults: 0.03 of the deviation, 0.1, 0.2
    "rashid2019": Compose(
        Jitter(sigma=0.03, relative=True, scope="past"),
        Scaling(sigma=0.1, per_channel=True, distribution="normal"),
        Rotation(angle=180.0, mode="axis", shared=False, axis="sphere", proper=False),
        TimeWarp(sigma=0.2, knots=4),
    ),
    # METHODS 1.1, 1.3 and 1.5: 0.9 of the series; a tenth of it at half or double speed; upside down, half of the time
    "survey_classification": Compose(
        Crop(size=0.9, resize=True),
        WindowWarp(window=0.1, scale=2.0, fitting="resize"),
        Flip(about="zero", channels="all", p=0.5),
    ),
}


@pytest.mark.parametrize("name", MEANT)
def test_steps_and_parameters_are_those_of_the_paper_or_our_defaults(name):
    """Breaks where a default moves and a preset of a paper's name with it: say so in METHODS first."""
    assert presets[name]() == MEANT[name]
    assert presets[name]().p == 1


def test_presets_are_found_by_name_and_in_the_package():
    """Breaks where a preset is made but not listed, or the list can be written to."""
    assert set(presets) == {*MEANT, "survey_forecasting", "wavelet_app", "bld_mbb", "robust_tad"}
    for name, make in presets.items():
        assert getattr(variate, name) is make
        assert name in variate.__all__
        assert make.__name__ == name
    with pytest.raises(TypeError):
        presets["um2017"] = Flip
    assert not set(presets) & set(variate.ops)  # a name that is both would be one of them on the command line


@pytest.mark.parametrize("name", MEANT)
def test_each_call_makes_a_pipeline_of_its_own(name):
    """Breaks where one is shared, so that what is done to it would be done to all."""
    one, other = presets[name](), presets[name]()
    assert one is not other
    assert one == other
    assert isinstance(one, Compose)
    stronger = Compose(*one.steps[:-1], Flip())
    assert stronger != one


@pytest.mark.parametrize("suffix", ["yaml", "json"])
@pytest.mark.parametrize("name", MEANT)
def test_a_preset_is_saved_and_loaded_as_it_is(name, suffix, tmp_path):
    """Breaks where a file names the preset and not its steps, or loses a parameter: the output must be the same."""
    aug, x = presets[name](), series(channels=3)
    save(aug, tmp_path / f"policy.{suffix}")
    text = (tmp_path / f"policy.{suffix}").read_text()
    assert name not in text
    again = load(tmp_path / f"policy.{suffix}")
    assert again == aug
    assert same_bits(again(x, seed=5), aug(x, seed=5))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("name", MEANT)
@pytest.mark.parametrize(("channels", "length"), [(1, 60), (3, 60), (6, 61), (2, 25), (1, 1)])
def test_a_preset_keeps_the_shape_and_changes_the_series(body, name, channels, length):
    """Breaks where a step refuses one channel or a short series."""
    x = series(n=20, channels=channels, length=length, dtype=np.float32)
    y, drawn = run(body, presets[name](), x)
    assert (y.shape, y.dtype) == (x.shape, x.dtype)
    assert np.isfinite(y).all()
    assert length == 1 or (y != x).any(axis=(1, 2)).all()
    ops = {path.split("/")[2] for path in drawn}
    assert length < 40 or ops == {f"{i}:{step.op}" for i, step in enumerate(presets[name]().steps)}


def test_um2017_turns_one_channel_over_in_half_of_the_samples():
    """Breaks where a rotation in one dimension is always, or never, a mirror image: Binomial(2000, ½), rate as stated."""
    x = 1 + np.abs(series(n=2000, channels=1))
    y = variate.um2017()(x, seed=0)
    turned = (y < 0).all(axis=(1, 2))
    assert (turned | (y > 0).all(axis=(1, 2))).all()
    assert stats.binomtest(int(turned.sum()), 2000).pvalue > FALSE_ALARM


def test_um2017_keeps_the_length_of_every_reading_up_to_the_warp():
    """Breaks where a step that is none of the paper's comes in: without the warp, lengths are permuted and no more."""
    x = series(n=5, channels=3, length=80)
    permuted, rotation, warp = variate.um2017().steps
    y = Compose(permuted, rotation)(x, seed=0)
    np.testing.assert_allclose(
        np.sort(np.linalg.norm(y, axis=1), axis=1), np.sort(np.linalg.norm(x, axis=1), axis=1), rtol=0, atol=1e-10
    )
    assert warp == TimeWarp()


def test_half_of_the_samples_are_flipped_by_the_survey():
    """Breaks where all are, or none: Binomial(2000, ½), rate as stated."""
    x = 1 + np.abs(series(n=2000, channels=1))
    y = variate.survey_classification()(x, seed=0)
    flipped = (y < 0).all(axis=(1, 2))
    assert (flipped | (y > 0).all(axis=(1, 2))).all()
    assert stats.binomtest(int(flipped.sum()), 2000).pvalue > FALSE_ALARM


def test_a_forecast_window_is_taken_where_that_makes_sense():
    """Breaks where a permutation of past and target passes, or the others refuse."""
    panel = Panel(series(channels=3), horizon=15)
    with pytest.raises(ContractError, match="Permutation cannot be used with a forecast horizon"):
        variate.um2017()(panel, seed=0)
    for name in ("rashid2019", "survey_classification"):
        out = presets[name]()(panel, seed=0)
        assert out.horizon == 15
        assert out.values.shape == (4, 3, 60)


def test_at_a_magnitude_a_preset_moves_with_its_steps():
    """Breaks where a preset is no policy that a search can move."""
    for make in presets.values():
        weak, strong = make().at(0.0), make().at(1.0)
        assert weak != strong
        assert [part.op for part in weak.parts] == [part.op for part in make().parts]
