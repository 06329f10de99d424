"""Policies as data: dict, YAML and JSON in and out, over a closed registry.

A file names operations by their registered names and nothing else, writes every parameter, and carries the version of
its format; older versions are brought up to date by ``MIGRATIONS``. Arrays that a fitted transform learned go into a
``.safetensors`` file beside it, known by its hash. Nothing is ever unpickled.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from variate.core.atomic import replacing
from variate.core.errors import SpecError, suggest
from variate.core.param import own_first
from variate.core.transform import Transform

VERSION = 1
MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""From a version of the format to the function that makes the next one of it."""

T = TypeVar("T", bound=Transform)

registry: dict[str, type[Transform]] = {}
"""Operation name → class. Filled by importing ``variate``; the only names that a policy may use."""


def register(cls: type[Transform]) -> type[Transform]:
    """Add a transform class to the registry under its ``op`` name, which has to be free."""
    if registry.get(cls.op, cls) is not cls:
        raise SpecError(f"the op {cls.op!r} is {registry[cls.op].__module__}.{registry[cls.op].__name__} already; rename one")
    registry[cls.op] = cls
    return cls


def to_dict(transform: Transform) -> dict[str, Any]:
    """Return a transform as plain data: ``{"op": name, parameter: value, …}``, parts nested."""
    spec: dict[str, Any] = {"op": transform.op}
    if hasattr(transform, "to_spec"):  # a transform that is not written field by field
        return {**spec, **transform.to_spec(_plain)}
    for field in own_first(type(transform)):
        if not is_state(field):
            spec[field.name] = _plain(getattr(transform, field.name))
    return spec


def from_dict(spec: Any, where: str = "policy") -> Transform:
    """Return the transform that plain data describes; raise SpecError with the place of what is wrong."""
    if not isinstance(spec, Mapping) or "op" not in spec:
        raise SpecError(f"{where}: expected an operation such as {{op: jitter, sigma: 0.03}}, found {_short(spec)}")
    name = spec["op"]
    if not isinstance(name, str) or name not in registry:
        raise SpecError(f"{where}: unknown op {name!r}{suggest(str(name), registry)}")
    cls = registry[name]
    known = [f.name for f in dataclasses.fields(cls) if not is_state(f)]
    values = {k: v for k, v in spec.items() if k != "op"}
    if hasattr(cls, "from_spec"):
        return _read(cls, values, where)
    unknown = next((k for k in values if k not in known), None)
    if unknown is not None:
        raise SpecError(f"{where}: {name} has no parameter {unknown!r}{suggest(str(unknown), known)}")
    parts: tuple[Transform, ...] = ()
    if cls.takes_parts:
        field = known[0]
        listed = values.pop(field, None)
        if not isinstance(listed, list):
            raise SpecError(f"{where}: {name} needs a list of operations under {field!r}, found {_short(listed)}")
        parts = tuple(from_dict(part, f"{where} → {field}[{i}]") for i, part in enumerate(listed))
    try:
        return cls(*parts, **values)
    except ValueError as error:
        raise SpecError(f"{where}: {error}") from None


def _read(cls: Any, values: dict[str, Any], where: str) -> Transform:
    try:
        made: Transform = cls.from_spec(values, lambda part, at: from_dict(part, f"{where} → {at}"))
    except SpecError as error:
        raise error if str(error).startswith(where) else SpecError(f"{where}: {error}") from None
    except ValueError as error:
        raise SpecError(f"{where}: {error}") from None
    return made


def save(transform: Transform, path: str | os.PathLike[str]) -> None:
    """Write a transform to ``.yaml``, ``.yml`` or ``.json``, and what it learned to ``.safetensors`` beside it.

    The learned arrays hold training data; treat the file as you treat those. Both files are written beside their place
    and then moved there, so that a crash leaves no half file.
    """
    target = _policy_path(path)
    document: dict[str, Any] = {"variate": VERSION, "policy": to_dict(transform)}
    state = _state_of(transform)
    try:
        if state:
            document["state"] = _write_state(state, target.with_suffix(".safetensors"))
        _replace(target, _dump(document, target.suffix).encode())
    except OSError as error:
        raise SpecError(f"{target}: cannot be written ({error.strerror or error})") from None


def load(path: str | os.PathLike[str]) -> Transform:
    """Read a transform from a policy file.

    Raises:
        SpecError: a file that is missing or malformed, of a newer version, or names an op outside the registry.
    """
    target = _policy_path(path)
    document = _migrated(_parse(target), target)
    try:
        transform = from_dict(document["policy"], f"{target}: policy")
    except RecursionError:
        raise SpecError(f"{target}: the policy contains itself, or is nested too deep to be read") from None
    state = document.get("state")
    if state is None:
        return transform
    if not isinstance(state, Mapping) or not {"file", "sha256"} <= set(state):
        raise SpecError(f"{target}: 'state' needs 'file' and 'sha256', found {_short(state)}")
    return with_state(transform, _read_state(target.parent / Path(str(state["file"])).name, str(state["sha256"])))


def state() -> Any:
    """Declare a field that ``fit`` fills with arrays: outside ``==``, ``repr``, the parameters and the text form."""
    return dataclasses.field(default=None, compare=False, repr=False, metadata={"state": True})


def is_state(field: dataclasses.Field[Any]) -> bool:
    """Whether a dataclass field holds learned arrays."""
    return bool(field.metadata.get("state"))


def _plain(value: Any) -> Any:
    if isinstance(value, Transform):
        return to_dict(value)
    if isinstance(value, (tuple, list)):
        return [_plain(v) for v in value]
    return value


def _policy_path(path: str | os.PathLike[str]) -> Path:
    target = Path(path)
    if target.suffix not in (".yaml", ".yml", ".json"):
        raise SpecError(f"{target}: a policy file ends in .yaml, .yml or .json")
    return target


def _dump(document: dict[str, Any], suffix: str) -> str:
    if suffix == ".json":
        return json.dumps(document, indent=2) + "\n"
    import yaml

    return yaml.safe_dump(document, sort_keys=False)


def _parse(target: Path) -> Any:
    import yaml

    try:
        text = target.read_text(encoding="utf-8")
    except OSError as error:
        raise SpecError(f"{target}: cannot be read ({error.strerror or error})") from None
    except UnicodeDecodeError:
        raise SpecError(f"{target}: is not a text file") from None
    try:
        return json.loads(text) if target.suffix == ".json" else yaml.safe_load(text)
    except (json.JSONDecodeError, yaml.YAMLError) as error:
        raise SpecError(f"{target}: is not well-formed {target.suffix[1:].upper()}: {' '.join(str(error).split())}") from None


def _migrated(document: Any, target: Path) -> dict[str, Any]:
    if not isinstance(document, dict) or "variate" not in document or "policy" not in document:
        raise SpecError(f"{target}: is no policy file; one has 'variate: {VERSION}' and 'policy: {{op: …}}' at the top")
    version = document["variate"]
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise SpecError(f"{target}: the format version is {version!r}; it must be an integer of at least 1")
    if version > VERSION:
        raise SpecError(
            f"{target}: has format version {version}, and this variate reads up to {VERSION}; upgrade: pip install -U variate"
        )
    migrated: dict[str, Any] = document
    for step in range(version, VERSION):
        migrated = MIGRATIONS[step](migrated)
    return migrated


def _children(transform: Transform) -> list[tuple[str, int, Transform]]:
    found = []
    for field in dataclasses.fields(transform):
        value = getattr(transform, field.name)
        if isinstance(value, tuple):
            found += [(field.name, i, v) for i, v in enumerate(value) if isinstance(v, Transform)]
    return found


def _state_of(transform: Transform, prefix: str = "") -> dict[str, Any]:
    arrays = {
        f"{prefix}{f.name}": np.ascontiguousarray(getattr(transform, f.name))
        for f in dataclasses.fields(transform)
        if is_state(f) and getattr(transform, f.name) is not None
    }
    for name, i, part in _children(transform):
        arrays |= _state_of(part, f"{prefix}{name}.{i}.")
    return arrays


def with_state(transform: T, arrays: Mapping[str, Any]) -> T:
    """Return a transform that holds learned arrays, by field name; those of its parts as ``steps.0.field``."""
    own = {f.name for f in dataclasses.fields(transform) if is_state(f)}
    changes: dict[str, Any] = {}
    nested: dict[str, dict[int, dict[str, Any]]] = {}
    for key, array in arrays.items():
        first, _, rest = key.partition(".")
        index, _, inner = rest.partition(".")
        if first in own and not rest:
            changes[first] = array
        elif index.isdigit() and inner and int(index) < len(getattr(transform, first, ())):
            nested.setdefault(first, {}).setdefault(int(index), {})[inner] = array
        else:
            raise SpecError(f"{transform.op} learns nothing that is called {key!r}; save the fitted policy again")
    for name, parts in nested.items():
        values = list(getattr(transform, name))
        for i, inner_arrays in parts.items():
            values[i] = with_state(values[i], inner_arrays)
        changes[name] = tuple(values)
    fitted = object.__new__(type(transform))
    fitted.__dict__.update(transform.__dict__, **changes)
    return fitted


def _write_state(arrays: dict[str, Any], target: Path) -> dict[str, str]:
    from safetensors.numpy import save as to_bytes

    data = to_bytes(arrays)
    _replace(target, data)
    return {"file": target.name, "sha256": hashlib.sha256(data).hexdigest()}


def _read_state(target: Path, digest: str) -> Mapping[str, Any]:
    from safetensors.numpy import load as from_bytes

    try:
        data = target.read_bytes()
    except FileNotFoundError:
        return {}  # the policy without its training data: it loads unfitted
    except OSError as error:
        raise SpecError(f"{target}: cannot be read ({error.strerror or error})") from None
    if hashlib.sha256(data).hexdigest() != digest:
        raise SpecError(f"{target}: is not the file that the policy was saved with (its SHA-256 differs); save it again")
    arrays: Mapping[str, Any] = from_bytes(data)
    return arrays


def _replace(target: Path, data: bytes) -> None:
    with replacing(target) as stream:
        stream.write(data)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
