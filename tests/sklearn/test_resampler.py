"""Resampler: which classes grow and by what, in which kind, in pipelines and searches, and what it refuses."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from imblearn.base import is_sampler
from imblearn.pipeline import Pipeline, make_pipeline
from imblearn.utils import estimator_checks
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import check_estimator
from sklearn.utils.validation import check_is_fitted

import variate
from variate.core.errors import ContractError, DrawError, PanelError, ParameterError
from variate.imbalance.oversample import oversample
from variate.imbalance.plan import plan
from variate.sklearn.resampler import Resampler

AUG = variate.Compose(variate.Jitter(sigma=0.2), variate.TimeWarp())
MIXING = variate.FrequencyMix(ratio=0.5)
RNG = np.random.default_rng(0)
X = RNG.normal(size=(18, 2, 20))
TABLE = X[:, 0]
CLASSES = np.array(["walk"] * 9 + ["run"] * 6 + ["fall"] * 3)[RNG.permutation(18)]
CODES = np.unique(CLASSES, return_inverse=True)[1]
TARGETS = ["equal", "double", 0.5, {"fall": 8}]


def flat(x):
    return x.reshape(len(x), -1)


def classifier(*steps):
    return make_pipeline(*steps, FunctionTransformer(flat), KNeighborsClassifier(1))


@pytest.mark.parametrize(
    "resampler", [Resampler(AUG), Resampler(MIXING, target="double", lonely="duplicate")], ids=["plain", "mixing"]
)
def test_scikit_learn_finds_nothing_wrong(resampler):
    """One check is left out by scikit-learn itself where an environment variable is not set; none is expected to fail."""
    results = check_estimator(resampler, on_skip=None)
    assert len(results) > 30
    assert {r["check_name"] for r in results if r["status"] != "passed"} <= {"check_array_api_input"}


@pytest.mark.filterwarnings("ignore:channel 0 of row:variate.core.errors.AllMissingWarning")
@pytest.mark.parametrize(
    "check",
    [
        "target_type",
        "samplers_fit_resample",
        "samplers_multiclass_ova",
        "samplers_nan",
        "samplers_pandas",
        "samplers_preserve_dtype",
        "samplers_2d_target",
    ],
)
def test_imbalanced_learn_finds_nothing_wrong(check):
    """Its other checks are about its own parameters, lists given back, sparse tables, or tables of strings."""
    getattr(estimator_checks, f"check_{check}")("Resampler", Resampler(variate.Jitter()))


@pytest.mark.parametrize("target", TARGETS, ids=repr)
@pytest.mark.parametrize("aug", [AUG, MIXING], ids=["plain", "mixing"])
@pytest.mark.parametrize("x", [X, TABLE, TABLE.astype(np.float32)], ids=["ncT", "nT", "float32"])
def test_rows_are_those_of_oversample(x, aug, target):
    before = x.copy()
    resampler = Resampler(aug, target=target, seed=4)
    x_new, y_new = resampler.fit_resample(x, CLASSES)
    codes = {"fall": 0, "run": 1, "walk": 2}
    asked = {codes[k]: v for k, v in target.items()} if isinstance(target, dict) else target
    want = oversample(variate.Panel(x, label=CODES), aug, asked, seed=4)
    assert x_new.dtype == x.dtype
    assert np.array_equal(x_new, want.values if x.ndim == 3 else want.values[:, 0])
    assert np.array_equal(x_new[:18], x)
    assert y_new.dtype == CLASSES.dtype
    assert y_new.tolist() == CLASSES[want.extra["source"]].tolist()
    assert resampler.sample_indices_.tolist() == want.extra["source"].tolist()
    assert resampler.copies_.tolist() == plan(CLASSES, target).tolist()
    x_new[:] = 0
    assert np.array_equal(x, before)


def test_counts():
    counts = {repr(t): Counter(Resampler(AUG, target=t).fit_resample(X, CLASSES)[1].tolist()) for t in TARGETS}
    assert counts["'equal'"] == {"walk": 9, "run": 9, "fall": 9}
    assert counts["'double'"] == {"walk": 18, "run": 18, "fall": 18}
    assert counts["0.5"] == {"walk": 9, "run": 6, "fall": 5}
    assert counts["{'fall': 8}"] == {"walk": 9, "run": 6, "fall": 8}


KINDS = {
    "int8": CODES.astype(np.int8),
    "object": CLASSES.astype(object),
    "bool": CLASSES == "fall",
    "float": CODES.astype(np.float32),
    "column": CODES[:, None],
    "indicator": np.eye(3, dtype=int)[CODES],
}


@pytest.mark.parametrize("kind", KINDS)
def test_classes_of_any_kind_are_repeated(kind):
    y = KINDS[kind]
    resampler = Resampler(AUG)
    y_new = resampler.fit_resample(X, y)[1]
    assert y_new.dtype == y.dtype
    assert np.array_equal(y_new, y[resampler.sample_indices_])
    assert len(y_new) == (30 if kind == "bool" else 27)


def test_a_dict_names_classes_as_y_does():
    """The column of a class is its name where classes are columns."""
    assert len(Resampler(AUG, target={0: 8}).fit_resample(X, KINDS["indicator"])[1]) == 18 + 5
    assert len(Resampler(AUG, target={0: 8}).fit_resample(X, KINDS["column"])[1]) == 18 + 5
    assert len(Resampler(AUG, target={True: 8}).fit_resample(X, KINDS["bool"])[1]) == 18 + 5


def test_data_frames_come_back_as_data_frames():
    frame = pd.DataFrame(TABLE, columns=[f"t{i}" for i in range(20)], index=np.arange(18) + 100)
    y = pd.Series(CLASSES, name="activity", index=frame.index, dtype="category")
    resampler = Resampler(AUG, target={"fall": 5})
    x_new, y_new = resampler.fit_resample(frame, y)
    want, classes = Resampler(AUG, target={"fall": 5}).fit_resample(TABLE, CLASSES)
    pd.testing.assert_frame_equal(x_new, pd.DataFrame(want, columns=frame.columns))
    pd.testing.assert_series_equal(y_new, pd.Series(classes, name="activity", dtype=y.dtype))
    assert resampler.feature_names_in_.tolist() == list(frame.columns)


def test_it_is_fitted_and_the_parameter_is_not():
    resampler = Resampler(MIXING)
    with pytest.raises(NotFittedError):
        check_is_fitted(resampler)
    assert resampler.fit(TABLE, CLASSES) is resampler
    check_is_fitted(resampler)
    assert resampler.aug is MIXING
    assert not MIXING.fitted
    assert resampler.aug_.known.values.shape == (18, 1, 20)
    known = MIXING.fit(variate.Panel(TABLE[:4], label=CODES[:4]))
    assert len(Resampler(known).fit(TABLE, CLASSES).aug_.known.values) == 18  # the training set, whatever it knew before
    assert resampler.n_features_in_ == 20
    assert not hasattr(resampler.fit(X, CLASSES), "n_features_in_")


def test_the_seed_decides():
    def copies(seed):
        resampler = Resampler(AUG, seed=seed)
        return resampler.fit_resample(X, CLASSES)[0][18:], resampler.seed_

    assert np.array_equal(copies(1)[0], copies(np.int64(1))[0])
    assert not np.array_equal(copies(1)[0], copies(2)[0])
    drawn, seed = copies(None)
    assert not np.array_equal(drawn, copies(None)[0])
    assert np.array_equal(drawn, copies(seed)[0])


def test_parameters_are_stored_as_they_are_and_cloned():
    target = {"fall": 9}
    resampler = Resampler(AUG, target=target, seed=None, lonely="duplicate")
    assert vars(resampler) == {"aug": AUG, "target": target, "seed": None, "lonely": "duplicate"}
    assert resampler.target is target
    assert clone(resampler).get_params() == resampler.get_params()
    assert Resampler().get_params() == {"aug": None, "target": "equal", "seed": 0, "lonely": "refuse"}
    model = Pipeline([("more", resampler), ("knn", KNeighborsClassifier())]).set_params(more__target=0.5, more__aug=MIXING)
    assert (model["more"].target, model["more"].aug) == (0.5, MIXING)


def test_tags():
    tags = get_tags(Resampler())
    assert (tags.estimator_type, tags.target_tags.required, tags.target_tags.multi_output) == ("sampler", True, False)
    assert (tags.input_tags.two_d_array, tags.input_tags.three_d_array, tags.input_tags.allow_nan) == (True, True, True)
    assert is_sampler(Resampler())
    assert not hasattr(Resampler(AUG), "transform")  # else a pipeline would take it for a transformer


def test_a_pipeline_resamples_in_fit_and_not_in_predict():
    model = classifier(Resampler(AUG, seed=3)).fit(X, CLASSES)
    x_new, y_new = Resampler(AUG, seed=3).fit_resample(X, CLASSES)
    alone = KNeighborsClassifier(1).fit(flat(x_new), y_new)
    held_out = RNG.normal(size=(30, 2, 20))
    assert model[-1].n_samples_fit_ == 27
    assert model.predict(held_out).tolist() == alone.predict(flat(held_out)).tolist()
    assert make_pipeline(StandardScaler(), Resampler(AUG), KNeighborsClassifier(1)).fit(TABLE, CLASSES)[-1].n_samples_fit_ == 27


def test_in_a_cross_validation_only_training_folds_grow():
    sizes = []

    def noted(x):
        sizes.append(len(x))
        return flat(x)

    model = make_pipeline(Resampler(MIXING), FunctionTransformer(noted), KNeighborsClassifier(1))
    scores = cross_val_score(model, X, CLASSES, cv=StratifiedKFold(3), error_score="raise")
    assert scores.shape == (3,)
    assert sizes == [18, 6] * 3


def test_a_search_chooses_transform_and_target():
    grid = {"resampler__target": TARGETS, "resampler__aug": [variate.Jitter(), MIXING, AUG]}
    search = GridSearchCV(classifier(Resampler()), grid, cv=StratifiedKFold(3), error_score="raise").fit(X, CLASSES)
    assert len(search.cv_results_["params"]) == 12
    assert search.best_estimator_[0].target == search.best_params_["resampler__target"]


def test_a_class_of_one_is_refused_or_repeated():
    y = np.where(np.arange(18) == 7, "rare", "often")
    with pytest.raises(ContractError, match=r"^Resampler: FrequencyMix\(.*row 7 \(class 1\) has none; use lonely='duplicate'"):
        Resampler(MIXING).fit(X, y)
    x_new, y_new = Resampler(MIXING, lonely="duplicate").fit_resample(X, y)
    assert Counter(y_new.tolist()) == {"often": 17, "rare": 17}
    assert np.array_equal(x_new[18:], np.repeat(X[7:8], 16, axis=0))
    assert len(Resampler(variate.Jitter()).fit_resample(X, y)[0]) == 34


def test_one_class_has_nothing_to_reach():
    assert len(Resampler(AUG).fit_resample(X, ["walk"] * 18)[0]) == 18
    assert len(Resampler(AUG, target="double").fit_resample(X, ["walk"] * 18)[0]) == 36


ACROSS = variate.FrequencyMix(across=True)
REFUSED = [
    ({"aug": None}, CLASSES, ParameterError, r"^Resampler\(aug=None\): aug must be a transform, such as variate\.Jitter\(\)"),
    ({"aug": variate.Jitter}, CLASSES, ParameterError, "aug must be a transform"),
    ({"aug": variate.Crop(size=0.5, resize=False)}, CLASSES, ContractError, r"20 steps into 10.*resize=True"),
    ({"aug": ACROSS}, CLASSES, ContractError, r"^FrequencyMix\(across=True\) makes class weights.*one target a series"),
    ({"lonely": "skip"}, CLASSES, ParameterError, r"^Resampler\(lonely='skip'\): lonely must be one of"),
    ({"target": "most"}, CLASSES, ParameterError, "target is 'most'; it must be 'equal'"),
    ({"target": {"fal": 9}}, CLASSES, ParameterError, "target has the class 'fal'.*did you mean 'fall'"),
    ({"target": {"walk": 3}}, CLASSES, ParameterError, "target asks for 3 samples of class 'walk', which has 9"),
    ({"seed": "x"}, CLASSES, DrawError, "seed is 'x'"),
    ({}, None, PanelError, "^Resampler requires y to be passed, but the target y is None; it tells which classes are small"),
    ({}, CLASSES[:5], PanelError, r"y has shape \(5,\) and X has 18 series"),
    ({}, TABLE[:, 0], PanelError, r"^Unknown label type: y is continuous, and Resampler .* variate\.sklearn\.Augmenter"),
    ({}, np.ones((18, 2), int), PanelError, "y is multilabel-indicator"),
    ({}, np.stack([CODES, CODES], axis=1), PanelError, "y is multiclass-multioutput"),
    ({}, np.array(["run", None] * 9, object), PanelError, "y cannot be told apart by its values"),
]


@pytest.mark.parametrize(("asked", "y", "error", "sentence"), REFUSED)
def test_what_is_refused(asked, y, error, sentence):
    resampler = Resampler(**({"aug": AUG} | asked))
    for call in (resampler.fit, resampler.fit_resample):
        with pytest.raises(error, match=sentence):
            call(X, y)
    assert not hasattr(resampler, "aug_")
