"""Recipes: a closed schema with a sentence for every mistake, profiles as overlays, and cells in an order that leaves pairs."""

import dataclasses
import inspect

import pytest
import yaml

from tasks.toys import document
from variate.core.errors import SpecError
from variate.core.spec import from_dict, to_dict
from variate.tasks.recipe import CHANGED, FOLDERS, KEYS, PROFILES, Recipe, find, read_recipe, recipe_of
from variate.tasks.sources import CATALOGUE
from variate.tasks.task import TASKS, task_of
from variate.tasks.training import Training
from variate.torch import nets

SHIPPED = sorted(FOLDERS[-1].glob("*.yaml"))
OTHERS = {
    "detection": {"data": ["nab/within"], "models": [{"name": "u_net"}]},
    "forecasting": {"data": ["traffic"], "models": [{"name": "mqrnn"}]},
    "long_forecasting": {"data": ["etth1/96"], "models": [{"name": "d_linear"}]},
}


def of(task="classification", **changes):
    """Return a recipe of any task with some changes."""
    return recipe_of(document(**{"task": task, **OTHERS.get(task, {}), **changes}))


def arm(**keys):
    return {"arms": {"a": keys}}


@pytest.mark.parametrize(
    ("changes", "place", "hint"),
    [
        ({"modles": []}, "recipe: has no key 'modles'", "'models'"),
        ({"optoins": {}}, "recipe: has no key 'optoins'", "'options'"),
        (arm(pipline={}), "recipe: arms → a: has no key 'pipline'", "'pipeline'"),
        (arm(copys=2), "recipe: arms → a: has no key 'copys'", "'copies'"),
        (arm(view="past"), "recipe: arms → a: has no key 'view'", "known: against, copies, pipeline"),
        ({"task": "detection", **OTHERS["detection"], **arm(wieghts=True)}, "arms → a: has no key 'wieghts'", "'weights'"),
        ({"task": "forecasting", **OTHERS["forecasting"], **arm(original=True)}, "a: has no key 'original'", "'originals'"),
        ({"models": [{"name": "fnc"}]}, "recipe: models[0]: unknown model 'fnc'", "'fcn'"),
        ({"models": [{"name": "fcn"}, {"width": 3}]}, "recipe: models[1]: unknown model None", "known: fcn, mini_rocket"),
        ({"models": [{"name": "fcn", "widht": 3}]}, "recipe: models[0]: fcn: has no key 'widht'", "'width'"),
        ({"training": {"step": 3}}, "recipe: training: has no key 'step'", "'steps'"),
        ({"options": {"outlier": []}}, "recipe: options: has no key 'outlier'", "'outliers'"),
        ({"profiles": {"fast": {}}}, "recipe: profiles: has no key 'fast'", "cpu, full, quick"),
        ({"profiles": {"quick": {"task": "detection"}}}, "recipe: profiles → quick: has no key 'task'", "known: arms, data"),
        ({"profiles": {"full": {"seed": 3}}}, "recipe: profiles → full: has no key 'seed'", "'seeds'"),
        (arm(pipeline={"op": "jiter"}), "recipe: arms → a → pipeline: unknown op 'jiter'", "'jitter'"),
        (arm(pipeline={"op": "jitter", "sgma": 1}), "arms → a → pipeline: jitter has no parameter 'sgma'", "'sigma'"),
        (
            arm(pipeline={"op": "compose", "steps": [{"op": "flip"}, {"op": "crap"}]}),
            "arms → a → pipeline → steps[1]: unknown op 'crap'",
            "'crop'",
        ),
        (arm(pipeline={"preset": "um2107"}), "arms → a → pipeline: unknown preset 'um2107'", "'um2017'"),
        (arm(pipeline={"preset": "bld_mbb", "blok": 2}), "a → pipeline: preset bld_mbb: has no key 'blok'", "'block'"),
        ({"task": "clasification"}, "recipe: unknown task 'clasification'", "'classification'"),
        (arm(against="nonne"), "recipe: arms → a: against names no arm: 'nonne'", "'none'"),
    ],
    ids=lambda value: value.split(": ")[-1] if isinstance(value, str) else "",
)
def test_an_unknown_name_is_told_with_its_place_and_what_was_meant(changes, place, hint):
    """Breaks where a level takes keys that it does not know: a typo would silently run something else."""
    with pytest.raises(SpecError) as caught:
        recipe_of(document(**changes))
    assert place in str(caught.value)
    assert hint in str(caught.value).split(place)[1]


@pytest.mark.parametrize("key", ["name", "task", "data", "models", "arms"])
def test_a_missing_key_is_named(key):
    """Breaks where a recipe without it dies of a KeyError or runs with something made up."""
    held = document()
    del held[key]
    with pytest.raises(SpecError, match=f"recipe: has no '{key}'; a recipe needs name, task, data, models and arms"):
        recipe_of(held)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"data": "ucr/Toy"}, "data: expected a list with at least one entry, found 'ucr/Toy'"),
        ({"data": []}, "data: expected a list with at least one entry"),
        ({"models": {"name": "fcn"}}, "models: expected a list with at least one entry"),
        ({"models": ["fcn"]}, r"models\[0\]: expected names with values, found 'fcn'"),
        ({"models": [{"name": ["fcn"]}]}, r"models\[0\]: unknown model \['fcn'\]"),
        ({"arms": ["jitter"]}, "arms: expected names with values"),
        ({"arms": {"a": []}}, "arms → a: expected names with values, found \\[\\]"),
        ({"arms": {"a": "jitter"}}, "arms → a: expected names with values, found 'jitter'"),
        (arm(pipeline="jitter"), "arms → a → pipeline: expected an operation"),
        (arm(pipeline={"preset": ["um2017"]}), r"pipeline: unknown preset \['um2017'\]"),
        (arm(pipeline={"preset": "um2017", 3: 4}), "pipeline: preset um2017: has no key 3"),
        (arm(pipeline={"op": "jitter", "sigma": "1"}), "pipeline: .*sigma"),
        (arm(pipeline={"op": "jitter", "sigma": -1}), "pipeline: .*sigma must be at least 0"),
        (arm(copies=True), "a: copies is True; it must be an integer of at least 0"),
        (arm(copies=-1), "a: copies is -1"),
        (arm(copies="2"), "a: copies is '2'"),
        (arm(against=["none"]), "against names no arm"),
        (arm(against=3), "against names no arm: 3"),
        ({"training": []}, "training: expected names with values"),
        ({"training": {"steps": True}}, "training: .*steps must be an integer of at least 1"),
        ({"training": {"steps": 2.0}}, "training: .*steps must be an integer"),
        ({"training": {"rate": "1e-3"}}, "training: .*rate must be a number above 0"),
        ({"training": {"rate": float("nan")}}, "training: .*rate must be a number above 0"),
        ({"training": {"rate": float("inf")}}, "training: .*rate must be a number above 0"),
        ({"training": {"schedule": "cosin"}}, "training: .*schedule must be one of cosine, halving, constant"),
        ({"training": {"looks": -1}}, "training: .*looks must be an integer of at least 0"),
        ({"options": [3]}, "options: expected names with values"),
        ({"options": {"outliers": "spike"}}, "options: outliers is 'spike'; it must be a list of spike, step, slope"),
        ({"options": {"outliers": ["spikes"]}}, "options: outliers is .'spikes'.; it must be a list"),
        ({"options": {"vote": "0.9"}}, "options: vote is '0.9'; it must be a share from 0 to 1"),
        ({"options": {"vote": 9}}, "options: vote is 9"),
        ({"seeds": 0}, "seeds is 0; it must be an integer of at least 1"),
        ({"seeds": True}, "seeds is True"),
        ({"seeds": 2.0}, "seeds is 2.0"),
        ({"seeds": [1, 2]}, r"seeds is \[1, 2\]"),
        ({"task": ["classification"]}, "unknown task"),
        ({"profiles": ["quick"]}, "profiles: expected names with values"),
        ({"profiles": {"quick": None}}, "profiles → quick: expected names with values, found None"),
        ({"data": ["ucr/Toy", "ucr/Toy"]}, "data: 'ucr/Toy' is there twice"),
        ({"models": [{"name": "fcn"}, {"name": "fcn", "width": 3}]}, "models: 'fcn' is there twice"),
    ],
    ids=str,
)
def test_a_wrong_kind_of_value_is_refused(changes, told):
    """Breaks where text is read letter by letter, true counts as 1, or Python's own error comes through."""
    with pytest.raises(SpecError, match=told):
        recipe_of(document(**changes))


@pytest.mark.parametrize(
    ("task", "keys", "told"),
    [
        ("detection", {"input": "remainders"}, "input is 'remainders'; it must be one of raw, remainder"),
        ("detection", {"weights": "no"}, "weights is 'no'; it must be true or false"),
        ("forecasting", {"view": "future"}, "view is 'future'; it must be one of window, past, whole"),
        ("long_forecasting", {"originals": 0}, "originals is 0; it must be true or false"),
    ],
)
def test_arms_of_other_tasks_check_their_own_keys(task, keys, told):
    """Breaks where a task takes any value for its own keys: "no" is true for Python."""
    with pytest.raises(SpecError, match=f"recipe: arms → a: {told}"):
        of(task, **arm(**keys))


@pytest.mark.parametrize(
    ("task", "options", "told"),
    [
        ("detection", {"window": 1}, "window is 1; it must be an integer of at least 2"),
        ("detection", {"window": True}, "window is True"),
        ("forecasting", {"past": 0}, "past is 0; it must be an integer of at least 1"),
        ("forecasting", {"samples": "9"}, "samples is '9'"),
        ("long_forecasting", {"past": 336}, "has no key 'past'"),
    ],
)
def test_options_of_other_tasks_are_checked(task, options, told):
    """Breaks where a task's options are taken unseen."""
    with pytest.raises(SpecError, match=f"recipe: options: {told}"):
        of(task, options=options)


def test_the_arm_without_augmentation_always_runs_and_comes_first():
    """Breaks where a recipe can leave out what arms are measured against, or give it a pipeline."""
    assert list(of().arms) == ["none", "jitter"]
    assert list(of(arms={}).arms) == ["none"]
    assert list(of(arms={"b": None, "none": {}}).arms) == ["none", "b"]
    assert of().arms["none"].pipeline is None
    assert of("forecasting", arms={"none": {"originals": False}}).arms["none"].originals is False
    with pytest.raises(SpecError, match="arms → none: has a pipeline; this arm is the one without"):
        of(arms={"none": {"pipeline": {"op": "jitter"}}})
    held = document(profiles={"quick": {"arms": {"flip": {"pipeline": {"op": "flip"}}}}})
    assert list(recipe_of(held, "quick").arms) == ["none", "flip"]


def test_a_profile_merges_training_and_options_and_replaces_the_rest():
    """Breaks where a profile loses settings that it does not name, mixes lists, or changes the recipe for the next reader."""
    held = document(
        options={"vote": 0.5, "outliers": ["spike"]},
        profiles={
            "quick": {
                "training": {"steps": 2},
                "options": {"vote": 0.9},
                "data": ["watch"],
                "models": [{"name": "mini_rocket"}],
                "arms": {"flip": {"pipeline": {"op": "flip"}}},
                "seeds": 1,
            },
            "full": {"training": {"rate": 0.5}},
        },
    )
    before = document(**held)
    cpu, quick, full = (recipe_of(held, profile) for profile in PROFILES)
    assert held == before
    assert cpu == recipe_of(document(options=held["options"]))
    assert [recipe.profile for recipe in (cpu, quick, full)] == list(PROFILES)
    assert quick.training == Training(steps=2, batch=4, rate=0.01)
    assert dataclasses.asdict(quick.options) == {"vote": 0.9, "outliers": ["spike"]}
    assert (quick.data, [model.name for model in quick.models], list(quick.arms), quick.seeds) == (
        ("watch",),
        ["mini_rocket"],
        ["none", "flip"],
        1,
    )
    assert full == dataclasses.replace(cpu, profile="full", training=Training(steps=3, batch=4, rate=0.5))
    own = document(profiles={"cpu": {"seeds": 7}})
    assert recipe_of(own).seeds == 7


def test_a_profile_that_is_wrong_or_not_there_is_told():
    """Breaks where an overlay on nothing, or with something else than names, ends in Python's own error."""
    with pytest.raises(SpecError, match="recipe: has no profile 'quick'; known: cpu"):
        recipe_of(document(), "quick")
    bare = document(profiles={"quick": {"training": {"steps": 1}}})
    del bare["training"]
    assert recipe_of(bare, "quick").training == Training(steps=1)
    for training in ("fast", ["steps"], None):
        with pytest.raises(SpecError, match="profiles → quick → training: expected names with values"):
            recipe_of(document(profiles={"quick": {"training": training}}), "quick")
        with pytest.raises(SpecError, match="recipe: training: expected names with values"):
            recipe_of(document(training=training, profiles={"quick": {"training": {"steps": 1}}}), "quick")


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
@pytest.mark.parametrize("profile", PROFILES)
def test_shipped_recipes_can_be_read_in_all_profiles(path, profile):
    """Breaks where a recipe that comes along has a typo, names data or a model that there is not, or makes a cell twice."""
    recipe = read_recipe(path, profile)
    assert recipe.name == path.stem
    assert recipe.about
    assert {name.partition("/")[0] for name in recipe.data} <= set(CATALOGUE)
    for one in recipe.arms.values():
        assert one.pipeline is None or to_dict(from_dict(to_dict(one.pipeline))) == one.spec
    cells = list(recipe.cells())
    assert len(cells) == recipe.seeds * len(recipe.data) * len(recipe.models) * len(recipe.arms)
    assert len({(cell.digest, cell.arm_name) for cell in cells}) == len(cells)


def test_cells_come_seed_by_seed():
    """Breaks where a run that is stopped early leaves arms without their partners."""
    recipe = of(data=["ucr/A", "ucr/B"], models=[{"name": "fcn"}, {"name": "mini_rocket"}], seeds=3)
    found = [(cell.seed, cell.data, cell.model.name, cell.arm_name) for cell in recipe.cells()]
    wanted = [
        (s, d, m, a) for s in range(3) for d in ("ucr/A", "ucr/B") for m in ("fcn", "mini_rocket") for a in ("none", "jitter")
    ]
    assert found == wanted


def first(recipe: Recipe, name: str = "a"):
    return next(cell for cell in recipe.cells() if cell.arm_name == name)


def test_a_digest_holds_what_numbers_follow_from_and_no_name():
    """Breaks where a change that moves numbers keeps the digest, so that old lines stand for new ones, or a name moves it."""
    base = {"arms": {"a": {"pipeline": {"op": "jitter"}}, "b": {"pipeline": {"op": "jitter"}, "against": "a"}}}
    same = first(of(**base)).digest
    for names in ({"name": "other"}, {"about": "words"}, {"seeds": 9}, {"data": ["ucr/Toy", "watch"]}):
        assert first(of(**base, **names)).digest == same
    assert first(of(**base), "b").digest == same
    assert first(recipe_of(document(**base, profiles={"quick": {}}), "quick")).digest == same
    changes = [
        {"data": ["ucr/Other"]},
        {"models": [{"name": "fcn", "width": 4}]},
        {"models": [{"name": "mini_rocket"}]},
        *({"training": {**document()["training"], key: value}} for key, value in _other_training().items()),
        {"options": {"vote": 0.5}},
        {"options": {"outliers": ["spike"]}},
        {"arms": {"a": {"pipeline": {"op": "jitter", "sigma": 0.5}}}},
        {"arms": {"a": {"pipeline": {"op": "jitter"}, "copies": 1}}},
        {"arms": {"a": {}}},
    ]
    digests = [first(of(**{**base, **change})).digest for change in changes]
    assert len({same, *digests}) == 1 + len(changes)
    assert len({cell.digest for cell in of(**base).cells() if cell.arm_name == "a"}) == 2  # a seed each


def _other_training():
    other = {"steps": 4, "epochs": 1, "batch": 5, "rate": 0.02, "schedule": "constant", "looks": 1, "patience": 1}
    assert set(other) == {field.name for field in dataclasses.fields(Training)}
    return other


def test_a_preset_is_the_pipeline_that_it_stands_for():
    """Breaks where a preset's parameters are dropped, or its digest is not that of what it makes."""
    made = of(**arm(pipeline={"preset": "bld_mbb", "period": 12})).arms["a"]
    assert of(**arm(pipeline=made.spec)).arms["a"] == made
    assert "12" in str(made.spec)


def test_models_name_the_parameters_of_their_networks():
    """Breaks where a network gains or loses a parameter and recipes are not told."""
    made = {
        "fcn": (nets.FCN, {"channels", "classes"}, set()),
        "u_net": (nets.UNet, {"channels"}, set()),
        "d_linear": (nets.DLinear, {"horizon"}, set()),
        "mqrnn": (nets.MQRNN, {"past", "horizon"}, set()),
        "deep_ar": (nets.DeepAR, {"past", "horizon"}, set()),
        "transformer": (nets.TransformerForecaster, {"past", "horizon"}, set()),
    }
    known = {name: set(keys) for task in TASKS for name, keys in task_of(task).models.items()}
    for name, (net, given, more) in made.items():
        assert known.pop(name) == set(inspect.signature(net).parameters) - given | more
    assert set(known) == {"mini_rocket"}


def test_find_takes_a_path_or_a_name(tmp_path):
    """Breaks where a shipped recipe is not found by its name, or a name that is none gets no hint."""
    for path in SHIPPED:
        assert find(path.stem) == path
    assert {"etth1", "forecasting", "detection", "outliers"} <= {path.stem for path in SHIPPED}
    for ending in ("yaml", "yml"):
        path = tmp_path / f"my.{ending}"
        assert find(str(path)) == path  # whether it is there is for the reader to say
        with pytest.raises(SpecError, match=rf"my\.{ending}: cannot be read \(No such file"):
            read_recipe(path)
    with pytest.raises(
        SpecError, match=r"recipe ettth1: no file \(.yaml\), and none of that name comes along; did you mean 'etth1"
    ):
        find("ettth1")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"name: [", "is not well-formed YAML"),
        (b"\xff\xfe\x00", "is not well-formed YAML"),
        (b"a: !!python/object/apply:os.getcwd []", "is not well-formed YAML"),
        (b"", "expected names with values, found None"),
        (b"- name: x", "expected names with values"),
    ],
)
def test_a_damaged_file_is_named(tmp_path, text, told):
    """Breaks where a file that is no recipe ends in an error of the YAML reader, or runs code."""
    path = tmp_path / "bad.yaml"
    path.write_bytes(text)
    with pytest.raises(SpecError, match=rf"bad\.yaml: {told}") as caught:
        read_recipe(path)
    assert "\n" not in str(caught.value)


def test_a_written_recipe_reads_as_it_was(tmp_path):
    """Breaks where reading a file is another thing than reading plain data, or places in sentences leave the file out."""
    path = tmp_path / "toy.yaml"
    path.write_text(yaml.safe_dump(document(about="many\n  words ")), encoding="utf-8")
    found = read_recipe(path)
    assert found == recipe_of(document(about="many words"))
    assert found.about == "many words"
    path.write_text(yaml.safe_dump(document(training={"step": 1})), encoding="utf-8")
    with pytest.raises(SpecError, match=r"toy\.yaml: training: has no key 'step'"):
        read_recipe(path)


def test_what_a_profile_may_change_is_part_of_a_recipe():
    """Breaks where a profile could rename an experiment or turn it into another task."""
    assert set(CHANGED) == set(KEYS) - {"name", "about", "task", "profiles"}
