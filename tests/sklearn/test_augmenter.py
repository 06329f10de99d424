"""Augmenter: what it returns, in what kind, in pipelines and searches, and what it refuses."""

import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest
from imblearn.base import is_sampler
from imblearn.pipeline import Pipeline, make_pipeline
from imblearn.utils import estimator_checks
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import check_estimator
from sklearn.utils.validation import check_is_fitted

import variate
from variate.core.errors import AllMissingWarning, ContractError, DrawError, PanelError, ParameterError
from variate.core.spec import state, with_state
from variate.families.label import LabelTransform
from variate.families.value import ValueTransform
from variate.sklearn import Augmenter

AUG = variate.Compose(variate.Jitter(sigma=0.2), variate.TimeWarp())
RNG = np.random.default_rng(0)
X = RNG.normal(size=(12, 2, 20))
TABLE = X[:, 0]
CLASSES = np.array(["run", "walk", "sit"])[np.arange(12) % 3]


@dataclass(frozen=True, kw_only=True)
class Soften(LabelTransform):
    """Classes to class weights, as a transform that mixes series makes them."""

    softens = True

    def relabel(self, panel, rng):
        return panel if panel.label is None else panel.replace(label=np.full((panel.n, 3), 1 / 3, np.float32))


@dataclass(frozen=True, kw_only=True)
class Next(LabelTransform):
    """Class k to k + 1."""

    def relabel(self, panel, rng):
        return panel.replace(label=(panel.label + 1) % 3)


@dataclass(frozen=True, kw_only=True)
class Learned(ValueTransform):
    """Remember what it was fitted to, and set all values to the number of series."""

    seen: Any = state()

    def fit(self, panel, seed=0):
        return with_state(self, {"seen": np.array([panel.n, seed, *panel.label])})

    def change(self, x, rng):
        return np.full_like(x, self.seen[0])


def flat(x):
    return x.reshape(len(x), -1)


def classifier(*steps):
    return make_pipeline(*steps, FunctionTransformer(flat), KNeighborsClassifier(1))


@pytest.mark.parametrize("aug", [variate.Jitter(), AUG], ids=repr)
def test_scikit_learn_finds_nothing_wrong(aug):
    """One check is left out by scikit-learn itself where an environment variable is not set; none is expected to fail."""
    results = check_estimator(Augmenter(aug, copies=2), on_skip=None)
    assert len(results) > 30
    assert {r["check_name"] for r in results if r["status"] != "passed"} <= {"check_array_api_input"}


@pytest.mark.filterwarnings("ignore:channel 0 of row:variate.core.errors.AllMissingWarning")
@pytest.mark.parametrize("kind", ["2d_target", "fit_resample", "multiclass_ova", "nan", "pandas", "preserve_dtype"])
def test_imbalanced_learn_finds_nothing_wrong(kind):
    """Its other checks are about balancing classes, sparse tables, or tables of strings."""
    getattr(estimator_checks, f"check_samplers_{kind}")("Augmenter", Augmenter(variate.Jitter()))


@pytest.mark.parametrize("x", [X, TABLE, TABLE.astype(np.float32)], ids=["ncT", "nT", "float32"])
def test_originals_come_first_then_the_copies_of_expand(x):
    before = x.copy()
    augmenter = Augmenter(AUG, copies=3, seed=4)
    x_new, y_new = augmenter.fit_resample(x, CLASSES)
    want = variate.expand(variate.Panel(x), AUG, copies=3, seed=4)
    assert (x_new.shape, x_new.dtype) == ((48, *x.shape[1:]), x.dtype)
    assert np.array_equal(x_new, want.values if x.ndim == 3 else want.values[:, 0])
    assert np.array_equal(x_new[:12], x)
    assert y_new.tolist() == CLASSES.tolist() * 4
    assert augmenter.sample_indices_.tolist() == list(range(12)) * 4
    x_new[:] = 0
    assert np.array_equal(x, before)


TARGETS = {
    "int8": np.arange(12, dtype=np.int8) % 3,
    "str": CLASSES,
    "object": CLASSES.astype(object),
    "bool": np.arange(12) % 2 == 0,
    "float": RNG.normal(size=12).astype(np.float32),
    "float with gaps": np.where(np.arange(12) % 3, np.nan, 1.5),
    "outputs": RNG.normal(size=(12, 2)),
    "column": np.arange(12)[:, None],
    "indicator": np.eye(3, dtype=int)[np.arange(12) % 3],
    "mixed outputs": np.array([[c, i % 2] for i, c in enumerate(CLASSES)], object),
}


@pytest.mark.parametrize("kind", TARGETS)
def test_targets_of_any_kind_are_repeated(kind):
    y = TARGETS[kind]
    y_new = Augmenter(AUG, copies=2).fit_resample(X, y)[1]
    assert y_new.dtype == y.dtype
    pd.testing.assert_frame_equal(pd.DataFrame(y_new), pd.DataFrame(np.concatenate([y] * 3)))


def test_lists_are_read_and_arrays_come_back():
    x_new, y_new = Augmenter(AUG).fit_resample(TABLE.tolist(), CLASSES.tolist())
    assert np.array_equal(x_new, Augmenter(AUG).fit_resample(TABLE, CLASSES)[0])
    assert (type(y_new), y_new.shape) == (np.ndarray, (24,))


def test_data_frames_come_back_as_data_frames():
    frame = pd.DataFrame(TABLE, columns=[f"t{i}" for i in range(20)], index=np.arange(12) + 100)
    for y in (pd.Series(CLASSES, name="activity", index=frame.index), pd.DataFrame({"a": CLASSES, "b": np.arange(12)})):
        augmenter = Augmenter(AUG)
        x_new, y_new = augmenter.fit_resample(frame, y)
        want = Augmenter(AUG).fit_resample(TABLE)[0]
        pd.testing.assert_frame_equal(x_new, pd.DataFrame(want, columns=frame.columns))
        assert type(y_new) is type(y)
        pd.testing.assert_frame_equal(pd.DataFrame(y_new), pd.concat([pd.DataFrame(y)] * 2, ignore_index=True))
        assert augmenter.feature_names_in_.tolist() == list(frame.columns)
    codes = pd.Series(CLASSES).astype("category")
    assert Augmenter(AUG).fit_resample(frame, codes)[1].dtype == codes.dtype
    model = make_pipeline(Augmenter(AUG), KNeighborsClassifier(1)).fit(frame, CLASSES)  # would warn if names were lost
    assert model.predict(frame).tolist() == CLASSES.tolist()


def test_integers_become_floats_and_gaps_stay():
    assert Augmenter(AUG).fit_resample(np.arange(8, dtype=np.int16).reshape(2, 4))[0].dtype == np.float32
    assert Augmenter(AUG).fit_resample(np.arange(8).reshape(2, 4))[0].dtype == np.float64
    x = TABLE.copy()
    x[:, 3:5] = np.nan
    assert np.isnan(Augmenter(variate.Jitter()).fit_resample(x)[0]).sum() == 2 * 24
    x[0] = np.nan
    with pytest.warns(AllMissingWarning, match="channel 0 of row 0 has no reading"):
        Augmenter(variate.Jitter()).fit(x)


def test_without_targets_none_comes_back():
    x_new, y_new = Augmenter(Soften()).fit_resample(X)
    assert x_new.shape == (24, 2, 20)
    assert y_new is None


def test_no_copies_are_the_originals():
    x_new, y_new = Augmenter(AUG, copies=0).fit_resample(X, CLASSES)
    assert np.array_equal(x_new, X)
    assert np.array_equal(y_new, CLASSES)
    assert not np.shares_memory(x_new, X)


def test_a_class_that_changes_is_returned():
    y_new = Augmenter(Next()).fit_resample(X, CLASSES)[1]  # in the order of their names: run, sit, walk
    assert y_new[12:15].tolist() == ["sit", "run", "walk"]


def test_it_is_fitted_and_the_parameter_is_not():
    augmenter = Augmenter(Learned(), copies=1, seed=9)
    with pytest.raises(NotFittedError):
        check_is_fitted(augmenter)
    assert augmenter.fit(X, CLASSES) is augmenter
    check_is_fitted(augmenter)
    assert augmenter.aug_.seen.tolist() == [12, 9, *np.unique(CLASSES, return_inverse=True)[1]]
    assert augmenter.aug is augmenter.get_params()["aug"]
    assert augmenter.aug.seen is None
    assert np.all(augmenter.fit_resample(X, CLASSES)[0][12:] == 12)


def test_the_number_of_features_is_that_of_a_table():
    augmenter = Augmenter(AUG).fit(TABLE)
    assert augmenter.n_features_in_ == 20
    assert not hasattr(augmenter.fit(X), "n_features_in_")


def test_the_seed_decides():
    def copies(seed):
        augmenter = Augmenter(AUG, seed=seed)
        return augmenter.fit_resample(X)[0][12:], augmenter.seed_

    assert np.array_equal(copies(1)[0], copies(np.int64(1))[0])
    assert not np.array_equal(copies(1)[0], copies(2)[0])
    drawn, seed = copies(None)
    assert not np.array_equal(drawn, copies(None)[0])
    assert np.array_equal(drawn, copies(seed)[0])


def test_parameters_are_stored_as_they_are_and_cloned():
    augmenter = Augmenter(AUG, copies=3, seed=None)
    assert vars(augmenter) == {"aug": AUG, "copies": 3, "seed": None}
    assert clone(augmenter).get_params() == augmenter.get_params()
    assert Augmenter().get_params() == {"aug": None, "copies": 1, "seed": 0}
    model = Pipeline([("more", augmenter), ("knn", KNeighborsClassifier())])
    assert model.set_params(more__copies=5, more__aug=variate.Flip())["more"].get_params() == {
        "aug": variate.Flip(),
        "copies": 5,
        "seed": None,
    }


def test_tags():
    tags = get_tags(Augmenter())
    assert (tags.estimator_type, tags.target_tags.required, tags.target_tags.multi_output) == ("sampler", False, True)
    assert (tags.input_tags.two_d_array, tags.input_tags.three_d_array, tags.input_tags.allow_nan) == (True, True, True)
    assert not tags.input_tags.sparse
    assert is_sampler(Augmenter())


def test_a_pipeline_augments_in_fit_and_not_in_predict():
    model = classifier(Augmenter(AUG, copies=4, seed=3)).fit(X, CLASSES)
    x_new, y_new = Augmenter(AUG, copies=4, seed=3).fit_resample(X, CLASSES)
    alone = KNeighborsClassifier(1).fit(flat(x_new), y_new)
    held_out = RNG.normal(size=(30, 2, 20))
    assert model[-1].n_samples_fit_ == 60
    assert model.predict(X).tolist() == CLASSES.tolist()
    assert model.predict(held_out).tolist() == alone.predict(flat(held_out)).tolist()
    between = make_pipeline(StandardScaler(), Augmenter(AUG), KNeighborsRegressor(1)).fit(TABLE, TARGETS["outputs"])
    assert between[-1].n_samples_fit_ == 24
    assert np.allclose(between.predict(TABLE), TARGETS["outputs"])
    assert make_pipeline(Augmenter(AUG), StandardScaler()).fit(TABLE)[-1].n_samples_seen_ == 24  # no targets


def test_a_pipeline_with_a_memory_gives_the_same(tmp_path):
    plain = classifier(Augmenter(AUG)).fit(X, CLASSES)
    for _ in range(2):
        cached = classifier(Augmenter(AUG)).set_params(memory=str(tmp_path)).fit(X, CLASSES)
        assert np.array_equal(cached[-1]._fit_X, plain[-1]._fit_X)


def test_in_a_cross_validation_only_training_folds_are_augmented():
    sizes = []

    def noted(x):
        sizes.append(len(x))
        return flat(x)

    model = make_pipeline(Augmenter(AUG, copies=2), FunctionTransformer(noted), KNeighborsClassifier(1))
    scores = cross_val_score(model, X, CLASSES, cv=KFold(3), error_score="raise")
    assert scores.shape == (3,)
    assert sizes == [24, 4] * 3
    learned = [classifier(Augmenter(Learned())).fit(X[fold], CLASSES[fold])[0].aug_.seen[0] for fold, _ in KFold(3).split(X)]
    assert learned == [8, 8, 8]


def test_a_search_chooses_transform_and_copies():
    grid = {"augmenter__copies": [0, 2], "augmenter__aug": [variate.Jitter(), variate.TimeWarp(), AUG]}
    search = GridSearchCV(classifier(Augmenter()), grid, cv=KFold(3), error_score="raise").fit(X, CLASSES)
    assert len(search.cv_results_["params"]) == 6
    assert search.best_params_["augmenter__aug"] in grid["augmenter__aug"]
    assert search.best_estimator_[0].aug_ == search.best_params_["augmenter__aug"]


REFUSED = [
    (None, X, None, ParameterError, r"^Augmenter\(aug=None\): aug must be a transform, such as variate\.Jitter\(\)"),
    (variate.Jitter, X, None, ParameterError, "aug must be a transform"),
    ([AUG, AUG], X, None, ParameterError, r"variate\.Compose"),
    (variate.Crop(size=0.5, resize=False), X, None, ContractError, r"20 steps into 10.*resize=True.*variate\.expand"),
    (Soften(), X, CLASSES, ContractError, r"^Soften\(\) makes class weights.*one target a series"),
    (variate.Compose(AUG, Soften()), X, TARGETS["float"], ContractError, "class weights"),
    (AUG, X, CLASSES[:5], PanelError, r"y has shape \(5,\) and X has 12 series"),
    (AUG, X, "run", PanelError, r"y has shape \(\)"),
    (AUG, X, np.empty((12, 0)), PanelError, r"y has shape \(12, 0\)"),
    (AUG, X, [[1], [1, 2]] * 6, PanelError, "y cannot be read as an array"),
    (AUG, X, np.array(["run", None] * 6, object), PanelError, "y cannot be told apart by its values .* one type"),
    (AUG, TABLE[0], None, ValueError, "Expected 2D array, got 1D array"),
    (AUG, X[None], None, PanelError, r"\(1, 12, 2, 20\); it must be \(n, channels, time\)"),
    (AUG, [[1.0, 2.0], [1.0]], None, PanelError, "X cannot be read as an array.*one length"),
    (AUG, X * np.inf, None, PanelError, r"values hold inf \(row"),
    (AUG, [["a", "b"]], None, ValueError, "numeric"),
]


@pytest.mark.parametrize(("aug", "x", "y", "error", "sentence"), REFUSED)
def test_what_is_refused(aug, x, y, error, sentence):
    for call in (Augmenter(aug).fit, Augmenter(aug, copies=0).fit_resample):
        with pytest.raises(error, match=sentence):
            call(x, y)


@pytest.mark.parametrize("copies", [-1, 0.5, True, "2", None])
def test_copies_are_a_number(copies):
    with pytest.raises(ParameterError, match=r"^Augmenter\(copies=.*\): copies must be"):
        Augmenter(AUG, copies=copies).fit(X)


def test_a_seed_is_an_integer():
    with pytest.raises(DrawError, match="seed is 'x'"):
        Augmenter(AUG, seed="x").fit(X)


def python(code):
    """Return what a fresh Python prints of a program, errors too."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_scikit_learn_is_imported_when_it_is_asked_for():
    assert python("import sys, variate; print('sklearn' in sys.modules)") == "False\n"
    assert python("import sys, variate.sklearn; print('imblearn' in sys.modules)") == "False\n"


@pytest.mark.parametrize(
    "loss", ["import sys; sys.modules['sklearn'] = None", "import sklearn.utils.validation as v; del v.validate_data"]
)
def test_without_scikit_learn_a_sentence_says_what_to_install(loss):
    last = python(f"{loss}\nimport variate.sklearn").splitlines()[-1]
    assert last.startswith("variate.core.errors.VariateError: variate.sklearn needs scikit-learn 1.6 or newer")
    assert last.endswith("pip install 'variate[sklearn]'")
