"""In: transforms inside a domain (METHODS 3.9, DESIGN 4)."""

import copy
import pickle

import numpy as np
import pytest
import yaml

import variate
import variate.domains.modwt as modwt_domain
from kernels.oracles import as_numpy
from transforms.helpers import BODIES, run, same_bits, series
from transforms.promises import assert_unobserved_steps_do_not_count
from variate import (
    APP,
    Compose,
    Crop,
    Drift,
    Flip,
    In,
    Jitter,
    LabelExpansion,
    OneOf,
    Panel,
    Permutation,
    Reverse,
    Scaling,
    Spike,
    TimeWarp,
)
from variate.core.errors import ContractError, ParameterError, SpecError
from variate.core.spec import from_dict, to_dict
from variate.kernels.cwt import cwt, icwt
from variate.kernels.modwt import modwt, mra

OVER = Flip(about="zero")
"""A transform without a draw: it changes every sign."""

SAMPLES = [
    In("spectrum"),
    In("spectrum", phase=Jitter(sigma=0.2)),
    In("modwt", details={2: Jitter(sigma=0.1), 1: Flip()}, smooth=Compose(Jitter(), Drift()), wavelet="haar"),
    In("modwt", level=3, smooth=Scaling(), boundary="reflection"),
    In("dwt", details=OneOf(Jitter(), Scaling(), weights=(1, 2)), approximation=Jitter(), wavelet="db4", level=2),
    In("stft", magnitude=Scaling(), size=32),
    In("cwt", phase=Jitter(), wavelet="ricker", spacing=0.5),
    In("modwt", details=In("spectrum", phase=Jitter())),
]


def coefficients(monkeypatch, body, op, x):
    """Return the details (n, c, level, t) and the smooth as In("modwt", …) puts them together."""
    seen = []
    back = modwt_domain.imodwt

    def spy(details, smooth, *how):
        seen.append((as_numpy(details).copy(), as_numpy(smooth).copy()))
        return back(details, smooth, *how)

    monkeypatch.setattr(modwt_domain, "imodwt", spy)
    y = run(body, op, x)[0]
    ((details, smooth),) = seen
    return y, details, smooth


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("length", [30, 31])
def test_what_is_changed_inside_is_what_comes_out(body, length):
    """Breaks where a part goes to the place of another: each has an answer in closed form.

    Minus the phases is the series backwards, minus all amplitudes is minus the series.
    """
    x = series(length=length)
    backwards = np.roll(x[..., ::-1], 1, axis=-1)
    close = 1e-11 * np.abs(x).max()
    np.testing.assert_allclose(run(body, In("spectrum", phase=OVER), x)[0], backwards, rtol=0, atol=close)
    for op in (
        In("spectrum", amplitude=OVER),
        In("stft", magnitude=OVER),
        In("dwt", details=OVER, approximation=OVER),
        In("modwt", details=OVER, smooth=OVER),
    ):
        np.testing.assert_allclose(run(body, op, x)[0], -x, rtol=0, atol=close)
    smooth = mra(x, "la8", 2)[1]
    np.testing.assert_allclose(run(body, In("modwt", details=OVER), x)[0], 2 * smooth - x, rtol=0, atol=close)
    smooth = mra(x, "la8", 2, "reflection")[1]
    op = In("modwt", smooth=OVER, level=2, boundary="reflection")
    np.testing.assert_allclose(run(body, op, x)[0], x - 2 * smooth, rtol=0, atol=close)
    wanted = x - 2 * icwt(cwt(x, "morlet", 0.125), "morlet", 0.125)
    np.testing.assert_allclose(run(body, In("cwt", magnitude=OVER), x)[0], wanted, rtol=0, atol=1e-9 * np.abs(x).max())


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("level", [1, 2, 3])
def test_a_level_by_its_number_is_that_level_alone(monkeypatch, body, level):
    """Breaks where level 1 is not the finest, or another level or the smooth loses a bit."""
    x = series(length=100)
    y, details, smooth = coefficients(monkeypatch, body, In("modwt", details={level: OVER}), x)
    untouched, _, old_smooth = coefficients(monkeypatch, body, In("modwt", smooth=variate.Identity()), x)
    old = modwt(x, "la8", 3)[0]
    np.testing.assert_allclose(details[:, :, level - 1], -old[:, :, level - 1], rtol=0, atol=1e-12 * np.abs(x).max())
    others = [j for j in range(3) if j != level - 1]
    np.testing.assert_allclose(details[:, :, others], old[:, :, others], rtol=0, atol=1e-12 * np.abs(x).max())
    assert same_bits(smooth, old_smooth)
    np.testing.assert_allclose(y, untouched - 2 * mra(x, "la8", 3)[0][:, :, level - 1], rtol=0, atol=1e-10)


@pytest.mark.parametrize("body", BODIES)
def test_a_level_that_a_short_series_lacks_is_passed_over(body):
    """Breaks where one short series among long ones stops the program, or the level below is taken instead."""
    x = series(length=20)
    y = run(body, In("modwt", details={2: OVER, 9: OVER}), x)[0]
    np.testing.assert_allclose(y, x, rtol=0, atol=1e-11 * np.abs(x).max())


@pytest.mark.parametrize("body", BODIES)
def test_perturbation_per_level(monkeypatch, body):
    """METHODS 3.9: the mean stays, phases alone keep each level's energy, and that of y is no larger than of its parts."""
    x = series(length=200)
    for mode in ("phase", "both"):
        op = In("modwt", details=APP(mode=mode, phase=1.0, segments=6, keep_top=0.0))
        y, details, smooth = coefficients(monkeypatch, body, op, x)
        old, rest = modwt(x, "la8", 4)
        np.testing.assert_allclose(y.mean(axis=-1), x.mean(axis=-1), rtol=0, atol=1e-11 * np.abs(x).max())
        np.testing.assert_allclose(smooth, rest, rtol=0, atol=1e-12 * np.abs(x).max())
        energy = (details**2).sum(axis=-1)
        assert np.allclose(energy, (old**2).sum(axis=-1), rtol=1e-9) == (mode == "phase")
        most = energy.sum(axis=-1) + (smooth**2).sum(axis=-1)
        assert ((y**2).sum(axis=-1) <= most * (1 + 1e-12)).all()
        assert (np.abs(details - old).max(axis=-1) > 1e-6).all()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [bool, np.int64, np.float32])
@pytest.mark.parametrize(
    "op", [In("modwt", smooth=Reverse()), In("modwt", details=Reverse()), In("modwt", details={2: Reverse()})]
)
def test_an_event_is_where_it_was_or_where_it_went(body, dtype, op):
    """Breaks where the old place is forgotten, the new one is not marked, or a weaker score hides a stronger."""
    points = np.zeros((4, 60), dtype)
    points[:, 5:8] = 1
    if dtype is np.float32:
        points[:, 54] = 0.25  # where one of them goes to
        points[:, 20] = 0.5
    out = run(body, op, Panel(series(), points=points, label=[0, 1, 0, 1]))[0]
    assert same_bits(out.points, np.maximum(points, points[:, ::-1]))
    assert out.label.tolist() == [0, 1, 0, 1]
    states = run(body, op, Panel(series(), points=points, point_role="state"))[0]
    assert same_bits(states.points, points)


@pytest.mark.parametrize("body", BODIES)
def test_events_of_several_parts_add_up(body):
    """Breaks where the labels of one part are lost when the next is put back; a lone event survives every warp."""
    points = np.eye(60, dtype=bool)
    x = series(n=60)
    op = In("modwt", details=TimeWarp(), smooth=TimeWarp())
    out = run(body, op, Panel(x, points=points, covariates=x[:, :1]))[0]
    assert (out.points & points).sum() == 60
    assert out.points.sum() > 90
    assert same_bits(out.covariates, x[:, :1].copy())
    op = In("modwt", smooth=LabelExpansion())
    assert (run(body, op, Panel(x, points=points))[0].points >= points).all()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("boundary", ["periodic", "reflection"])
def test_either_boundary_lets_time_in_or_says_why_not(body, boundary):
    """Breaks where parts that are no longer one step for each step of the series pass for such."""
    points = np.eye(60, dtype=bool)
    panel = Panel(series(n=60), points=points)
    try:
        op = In("modwt", smooth=Reverse(), boundary=boundary)
    except ParameterError:
        assert boundary == "reflection"
        return
    assert same_bits(run(body, op, panel)[0].points, points | points[:, ::-1])


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("boundary", ["periodic", "reflection"])
def test_the_border_of_a_forecast_target_holds_inside(monkeypatch, body, boundary):
    """Breaks where past and target of a part are taken elsewhere: scope="past" leaves the target's coefficients alone."""
    x = series()
    op = In("modwt", details={1: Scaling(scope="past")}, boundary=boundary)
    try:
        _, details, _ = coefficients(monkeypatch, body, op, Panel(x, horizon=20))
    except ContractError:
        assert boundary == "reflection"  # a refusal would do as well
        return
    old = modwt(x, "la8", details.shape[2], boundary)[0]
    same = np.abs(details - old)[:, :, 0, :60] < 1e-9
    assert same[..., 40:].all()
    assert not same[..., :40].any(axis=-1).all()
    if boundary == "periodic":
        points = np.zeros((4, 60), bool)
        points[:, 30:40] = True
        out = run(body, In("modwt", smooth=TimeWarp()), Panel(x, points=points, horizon=20))[0]
        assert not out.points[:, 40:].any()
        with pytest.raises(ContractError, match="forecast horizon"):
            run(body, In("modwt", smooth=Permutation()), Panel(x, horizon=20))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("name", ["spectrum", "dwt", "modwt", "stft", "cwt"])
def test_masks_and_gaps(body, name):
    """Breaks where what stands at an unobserved step counts inside, or a gap is filled over the border of a target."""
    part = {"dwt": "approximation", "modwt": "smooth"}.get(name, "phase")
    op = In(name, **{part: Jitter(sigma=0.5, scope="all")})
    assert_unobserved_steps_do_not_count(body, op)
    x = series()
    x[:, 0, 35:45] = np.nan
    filled = x.copy()
    filled[:, 0, 35:40] = x[:, 0, 34, None]
    filled[:, 0, 40:45] = x[:, 0, 45, None]
    y = run(body, op, Panel(x, horizon=20))[0].values
    expected = np.where(np.isnan(x), np.nan, run(body, op, Panel(filled, horizon=20))[0].values)
    np.testing.assert_allclose(y, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("op", SAMPLES, ids=repr)
def test_it_can_be_written_read_copied_and_pickled(op, tmp_path):
    """Breaks where an option, a level or a transform is lost on the way to a file, a worker or a notebook."""
    assert eval(repr(op), vars(variate).copy()) == op
    variate.save(op, tmp_path / "policy.yaml")
    x = series()
    want = op(x, seed=1)
    made = [variate.load(tmp_path / "policy.yaml"), from_dict(yaml.safe_load(yaml.safe_dump(to_dict(op))))]
    for other in (*made, pickle.loads(pickle.dumps(op)), copy.deepcopy(op)):
        assert other == op
        assert hash(other) == hash(op)
        assert same_bits(other(x, seed=1), want)
    assert op != In("dwt")


def test_strength_goes_to_every_transform_inside():
    """Breaks where ``at`` stops at the domain, or loses a level or an option."""
    op = In("modwt", details={1: Jitter(), 2: Compose(Jitter())}, smooth=Jitter(), wavelet="haar")
    weak, strong = Jitter().at(0.0), Jitter().at(1.0)
    for u, part in ((0.0, weak), (1.0, strong)):
        assert op.at(u) == In("modwt", details={1: part, 2: Compose(part)}, smooth=part, wavelet="haar")
    assert same_bits(op.fit(Panel(series()))(series(), seed=0), op(series(), seed=0))
    with pytest.raises(ParameterError, match=r"In\.at\(2\)"):
        op.at(2)


@pytest.mark.parametrize("body", BODIES)
def test_every_draw_has_its_place(body):
    """Breaks where two levels draw alike, or adding a part changes the draws of another."""
    x = series(length=100)
    y, drawn = run(body, In("modwt", details=Scaling(), smooth=Scaling()), x)
    assert set(drawn) == {*(f"/in/details:scaling/{j}" for j in (1, 2, 3)), "/in/smooth:scaling"}
    factors = [next(iter(names.values())) for names in drawn.values()]
    assert len({f.tobytes() for f in factors}) == 4
    alone = run(body, In("modwt", smooth=Scaling()), x)[1]
    assert set(alone) == {"/in/smooth:scaling"}
    for name, numbers in alone["/in/smooth:scaling"].items():
        assert same_bits(numbers, drawn["/in/smooth:scaling"][name])
    assert set(run(body, In("modwt", details={2: Scaling()}), x)[1]) == {"/in/details2:scaling"}
    deep = run(body, Compose(Flip(), In("spectrum", phase=Compose(Flip(), Jitter()))), x)[1]
    assert set(deep) == {"/compose/1:in/phase:compose/1:jitter"}
    for i in range(4):
        one = In("modwt", details=Scaling(), smooth=Scaling())(x[i : i + 1], seed=0, ids=[i])
        np.testing.assert_allclose(one, y[i : i + 1], rtol=0, atol=1e-10)


@pytest.mark.parametrize(("make", "sentence"), [
    (lambda: In("dwt", details=TimeWarp()), "details has no step for each step of the series, so only transforms of values"),
    (lambda: In("spectrum", phase=OneOf(Jitter(), Compose(LabelExpansion()))), "only transforms of values"),
    (lambda: In("modwt", smooth=OneOf(Jitter(), Spike(mark=True))), "would have no place in a part; use mark=False"),
    (lambda: In("modwt", smooth=Jitter), "is the class Jitter; make one"),
    (lambda: In("modwt", smooth=3), "it must be a transform"),
    (lambda: In("modwt", details={0: Jitter()}), "a level is an integer of at least 1"),
    (lambda: In("modwt", details={True: Jitter()}), "a level is an integer of at least 1"),
    (lambda: In("modwt", details={"1": Jitter()}), "a level is an integer of at least 1"),
    (lambda: In("modwt", detials=Jitter()), "did you mean 'details'"),
])  # fmt: skip
def test_what_may_not_enter_is_refused(make, sentence):
    with pytest.raises(ParameterError, match=sentence):
        make()


@pytest.mark.parametrize("part", [{"smooth": Crop(size=0.5, resize=False)}, {"details": {1: Crop(size=0.5, resize=False)}},
                                  {"details": Crop(size=0.5, resize=False)}])  # fmt: skip
@pytest.mark.parametrize("body", BODIES)
def test_a_part_cannot_become_shorter(body, part):
    """Breaks where a part that no longer fits the others is put together with them, or fails without a sentence."""
    with pytest.raises((ContractError, ParameterError)):
        run(body, In("modwt", **part), series())


J = {"op": "jitter"}


@pytest.mark.parametrize("spec", [
    {"domain": "modwt"},
    {"inside": []},
    {"domain": "modwt", "inside": [{"transform": J}]},
    {"domain": "modwt", "inside": ["details"]},
    {"domain": "modwt", "inside": [{"part": "detials", "transform": J}]},
    {"domain": "modwt", "inside": [{"part": "details", "level": "1", "transform": J}]},
    {"domain": "modwt", "inside": [{"part": "details", "level": [1], "transform": J}]},
    {"domain": "modwt", "inside": [{"part": ["details"], "transform": J}]},
    {"domain": "modwt", "inside": [{"part": "domain", "transform": J}]},
    {"domain": "modwt", "inside": [{"part": "wavelet", "transform": J}]},
    {"domain": "modwt", "inside": [{"part": "details", "levels": 2, "transform": J}]},  # would enter all of them
    {"domain": "modwt", "inside": [{"part": "details", "transform": J}, {"part": "details", "level": 1, "transform": J}]},
    {"domain": "modwt", "inside": [{"part": "details", "level": 1, "transform": J}, {"part": "details", "transform": J}]},
    {"domain": "modwt", "inside": [{"part": "details", "transform": J}, {"part": "details", "transform": J}]},
    {"domain": "modwt", "inside": [], 1: 2},
    {"domain": ["modwt"], "inside": []},
])  # fmt: skip
def test_a_policy_that_is_none_is_told_in_a_sentence(spec):
    """Breaks where a slip in a file raises something else, or is read as another policy without a word."""
    with pytest.raises(SpecError):
        from_dict({"op": "in", **spec})
