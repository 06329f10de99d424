"""Finding the operations: every public Transform that a module of these packages defines is one."""

from __future__ import annotations

import importlib
import pkgutil

from variate import pipeline, transforms
from variate.core.spec import register
from variate.core.transform import Transform
from variate.pipeline.parts import Pipeline


def discover() -> dict[str, type[Transform]]:
    """Import the packages of operations, register what they define, and return it by public name.

    A second name that a module gives its class is public too: an alias, such as ``Upsample`` for ``Crop``.
    """
    found: dict[str, type[Transform]] = {}
    for package in (transforms, pipeline):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            for name, value in vars(importlib.import_module(module.name)).items():
                if isinstance(value, type) and issubclass(value, Transform) and _is_op(name, value, module.name):
                    found[name] = register(value)
    return dict(sorted(found.items()))


def _is_op(name: str, cls: type[Transform], module: str) -> bool:
    return cls.__module__ == module and not name.startswith("_") and cls is not Pipeline
