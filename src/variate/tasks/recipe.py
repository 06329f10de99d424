"""Recipes: one experiment as a YAML file, read over a closed schema.

A recipe names data, models and arms; every arm is trained on every set with every model and seed. The arm ``none`` is
always there. What stands at the top is profile ``cpu``; under ``profiles`` others say what they change::

    name: etth1
    about: DLinear on ETTh1.
    task: long_forecasting
    data: [etth1/96, etth1/192]
    models: [{name: d_linear, past: 336}]
    arms:
      frequency_mask: {pipeline: {op: frequency_mask}}
    training: {epochs: 10, batch: 32, rate: 0.05}
    seeds: 5
    profiles:
      quick: {data: [etth1/96], training: {epochs: 1}, seeds: 2}
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from variate.core.errors import SpecError, VariateError, suggest
from variate.core.spec import from_dict
from variate.core.transform import Transform
from variate.pipeline.presets import presets
from variate.tasks.task import NONE, TASKS, Arm, Cell, Model, Task, task_of
from variate.tasks.training import Training

_HERE = Path(__file__).resolve()
FOLDERS = (_HERE.parents[1] / "recipes", _HERE.parents[3] / "recipes")
"""Where recipes come along: in an installed package, and in the project's own folder."""

PROFILES = ("cpu", "quick", "full")
KEYS = ("name", "about", "task", "data", "models", "arms", "training", "options", "seeds", "profiles")
CHANGED = ("data", "models", "arms", "training", "options", "seeds")

T = TypeVar("T")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recipe:
    """An experiment in one profile."""

    name: str
    about: str
    profile: str
    task: str
    data: tuple[str, ...]
    models: tuple[Model, ...]
    arms: Mapping[str, Arm]
    training: Training
    options: Any
    seeds: int

    def cells(self) -> Iterator[Cell]:
        """Go through the training runs: seed by seed, so that a run that is stopped leaves whole pairs."""
        for seed in range(self.seeds):
            for data in self.data:
                for model in self.models:
                    for arm in self.arms:
                        yield self._cell(data, model, arm, seed)

    def _cell(self, data: str, model: Model, arm: str, seed: int) -> Cell:
        held = (self.name, self.profile, self.task, data, model, arm, self.arms[arm], seed)
        return Cell(*held, training=self.training, options=self.options)


def find(name: str) -> Path:
    """Return the file of a recipe: a path, or the name of one that comes with variate.

    Raises:
        SpecError: there is no such recipe.
    """
    path = Path(name)
    if path.suffix in (".yaml", ".yml"):
        return path
    shipped = _shipped()
    if name not in shipped:
        raise SpecError(f"recipe {name}: no file (.yaml), and none of that name comes along{suggest(name, shipped)}")
    return shipped[name]


def abouts() -> dict[str, str]:
    """Return what each recipe that comes along is about, by its name."""
    recipes = [read_recipe(file) for file in _shipped().values()]
    return {recipe.name: recipe.about for recipe in recipes}


def read_recipe(path: Path, profile: str = "cpu") -> Recipe:
    """Read a recipe.

    Raises:
        SpecError: a file that is missing or malformed, a key that the schema does not have, or a value that it refuses.
    """
    import yaml

    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SpecError(f"{path}: cannot be read ({error.strerror or error})") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SpecError(f"{path}: is not well-formed YAML: {' '.join(str(error).split())}") from None
    return recipe_of(document, profile, str(path))


def _shipped() -> dict[str, Path]:
    return {file.stem: file for folder in FOLDERS for file in sorted(folder.glob("*.yaml"))}


def recipe_of(document: Any, profile: str = "cpu", where: str = "recipe") -> Recipe:
    """Return the recipe that plain data describes, in one of its profiles."""
    held = dict(_mapping(document, where, KEYS))
    for key in ("name", "task", "data", "models", "arms"):
        if key not in held:
            raise SpecError(f"{where}: has no {key!r}; a recipe needs name, task, data, models and arms")
    held |= _changes(held, profile, where)
    if held["task"] not in TASKS:
        raise SpecError(f"{where}: unknown task {held['task']!r}{suggest(str(held['task']), TASKS)}")
    task = task_of(held["task"])
    seeds = held.get("seeds", 5)
    if isinstance(seeds, bool) or not isinstance(seeds, int) or seeds < 1:
        raise SpecError(f"{where}: seeds is {seeds!r}; it must be an integer of at least 1")
    listed = _listed(held["models"], f"{where}: models")
    models = tuple(_model(model, task, f"{where}: models[{i}]") for i, model in enumerate(listed))
    data = tuple(str(name) for name in _listed(held["data"], f"{where}: data"))
    # results know a set and a model by their names
    _check_once(data, f"{where}: data")
    _check_once([model.name for model in models], f"{where}: models")
    return Recipe(
        name=str(held["name"]),
        about=" ".join(str(held.get("about", "")).split()),
        profile=profile,
        task=held["task"],
        data=data,
        models=models,
        arms=_arms(held["arms"], task, f"{where}: arms"),
        training=_built(Training, held.get("training", {}), f"{where}: training"),
        options=_built(task.options, held.get("options", {}), f"{where}: options"),
        seeds=seeds,
    )


def _changes(held: Mapping[str, Any], profile: str, where: str) -> dict[str, Any]:
    """Return what is different in a profile; the others are looked through for keys that no profile has."""
    profiles = {"cpu": {}, **_mapping(held.get("profiles", {}), f"{where}: profiles", PROFILES)}
    for name, changes in profiles.items():
        _mapping(changes, f"{where}: profiles → {name}", CHANGED)
    if profile not in profiles:
        raise SpecError(f"{where}: has no profile {profile!r}{suggest(profile, profiles)}")
    found = dict(profiles[profile])
    for key in {"training", "options"} & found.keys():
        before = _mapping(held.get(key, {}), f"{where}: {key}")
        found[key] = {**before, **_mapping(found[key], f"{where}: profiles → {profile} → {key}")}
    return found


def _arms(document: Any, task: Task, where: str) -> Mapping[str, Arm]:
    given = {NONE: {}, **_mapping(document, where)}
    arms = {str(name): _arm({} if value is None else value, task, f"{where} → {name}") for name, value in given.items()}
    if arms[NONE].pipeline is not None:
        raise SpecError(f"{where} → {NONE}: has a pipeline; this arm is the one without, give the pipeline another name")
    for name, arm in arms.items():
        if not isinstance(arm.against, str) or arm.against not in arms:
            raise SpecError(f"{where} → {name}: against names no arm: {arm.against!r}{suggest(str(arm.against), arms)}")
    return arms


def _arm(document: Any, task: Task, where: str) -> Arm:
    values = dict(_mapping(document, where))
    spec = values.pop("pipeline", None)
    return _built(task.arm, values, where, pipeline=None if spec is None else _pipeline(spec, f"{where} → pipeline"))


def _pipeline(spec: Any, where: str) -> Transform:
    if not isinstance(spec, Mapping) or "preset" not in spec:
        return from_dict(spec, where)
    values = dict(spec)
    name = values.pop("preset")
    if not isinstance(name, str) or name not in presets:
        raise SpecError(f"{where}: unknown preset {name!r}{suggest(str(name), presets)}")
    _mapping(values, f"{where}: preset {name}", tuple(inspect.signature(presets[name]).parameters))
    try:
        return presets[name](**values)
    except (TypeError, ValueError) as error:
        raise SpecError(f"{where}: {error}") from None


def _model(document: Any, task: Task, where: str) -> Model:
    values = dict(_mapping(document, where))
    name = values.pop("name", None)
    if not isinstance(name, str) or name not in task.models:
        raise SpecError(f"{where}: unknown model {name!r}{suggest(str(name), task.models)}")
    return Model(name, _mapping(values, f"{where}: {name}", task.models[name]))


def _built(cls: type[T], document: Any, where: str, **more: Any) -> T:
    known = [field.name for field in dataclasses.fields(cls)]  # type: ignore[arg-type]
    try:
        return cls(**_mapping(document, where, known), **more)
    except SpecError:
        raise
    except VariateError as error:
        raise SpecError(f"{where}: {error}") from None


def _mapping(value: Any, where: str, known: Any = None) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise SpecError(f"{where}: expected names with values, found {value!r:.60}")
    unknown = next((key for key in value if known is not None and key not in known), None)
    if unknown is not None:
        raise SpecError(f"{where}: has no key {unknown!r}{suggest(str(unknown), known)}")
    return value


def _check_once(names: Sequence[str], where: str) -> None:
    twice = next((name for i, name in enumerate(names) if name in names[:i]), None)
    if twice is not None:
        raise SpecError(f"{where}: {twice!r} is there twice; leave one out, or put it into a recipe of its own")


def _listed(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise SpecError(f"{where}: expected a list with at least one entry, found {value!r:.60}")
    return value
