"""NumPy archives: arrays named as the fields of a Panel."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from variate.core.errors import DataFileError, suggest
from variate.core.panel import TIME_FIELDS, Panel
from variate.io.fields import check_places, classes_of, label_texts, places_of
from variate.io.file import File
from variate.kernels.arrays import is_floating, numpy_of

ALIASES = {"x": "values", "X": "values", "y": "label", "Y": "label"}
SINGLE = ("point_role", "horizon", "classes", "lengths")
FIELDS = ("values", "label", "points", "point_role", "mask", "covariates", "horizon", "weight", "ids", "classes", "lengths")
PREFIX = "extra."


def read(path: Path) -> File:
    """Return the panel that an archive holds.

    ``values`` (or x, X) is (n, channels, time), (n, time) or (time,), and ``label`` (or y, Y) its classes: integers,
    class weights, or text, which is numbered. Series of unequal lengths lie one after the other in time, with
    ``lengths`` (n,). Arrays of other names go to ``extra`` if they have one entry a row. Nothing is ever unpickled.

    Raises:
        DataFileError: a damaged archive, arrays of Python objects, or ones that do not fit together.
    """
    arrays, packed = _load(path)
    fields, names = _by_field(arrays, path)
    if "values" not in fields:
        raise DataFileError(f"{path}: has no array 'values' (or 'x'); it has {', '.join(arrays) or 'none'}")
    about: dict[str, Any] = {"format": "npz", "names": names, "packed": packed, "ndim": fields["values"].ndim}
    if "lengths" in fields:
        _split(fields, path)
    count = len(fields["values"]) if about["ndim"] > 1 or isinstance(fields["values"], list) else 1
    extra = {name.removeprefix(PREFIX): fields.pop(name) for name in list(fields) if name not in FIELDS}
    for name, array in extra.items():
        if array.ndim == 0 or len(array) != count:
            raise DataFileError(
                f"{path}: unknown array {name!r}{suggest(name, [*FIELDS, *ALIASES])}; of another name it needs one entry a "
                f"series ({count}), and its shape is {array.shape}"
            )
    classes = _classes(fields, about, path)
    if "ids" in fields:
        about["ids"] = fields["ids"]
    return File(Panel(fields.pop("values"), **fields, extra=extra), classes, about)


def write(file: File, stream: BinaryIO, target: Path) -> None:
    """Write every field of a panel as an array, under the names that were read; ids only where they are not 0, 1, …

    Raises:
        DataFileError: an array of Python objects in ``extra``.
    """
    about = file.about if file.about.get("format") == "npz" else {}
    arrays = _arrays(file, about, target)
    names = about.get("names", {})
    method = zipfile.ZIP_DEFLATED if about.get("packed", True) else zipfile.ZIP_STORED
    with zipfile.ZipFile(stream, "w") as archive:
        for field, array in arrays.items():
            if array.dtype.hasobject:
                raise DataFileError(
                    f"{target}: {field} holds Python objects (dtype {array.dtype}), which no reader should load; "
                    "convert it to numbers or text first, or leave it out"
                )
            entry = zipfile.ZipInfo(f"{names.get(field, field)}.npy")  # of no date but 1980-01-01: equal bytes
            entry.compress_type = method
            entry.external_attr = 0o600 << 16
            with archive.open(entry, "w", force_zip64=True) as part:
                np.lib.format.write_array(part, np.asarray(array, order="C"), allow_pickle=False)


def _load(path: Path) -> tuple[dict[str, Any], bool]:
    if not path.stat().st_size:
        raise DataFileError(f"{path}: the file is empty")
    try:
        with zipfile.ZipFile(path) as archive:
            packed = any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist())
        with np.load(path, allow_pickle=False) as archive:
            names = list(archive)
            arrays = {name: _array(archive, name, path) for name in names}
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, RuntimeError) as error:
        raise DataFileError(f"{path}: is no NumPy archive, or is cut off or damaged ({error}); write it again") from None
    return arrays, packed


def _array(archive: Any, name: str, path: Path) -> Any:
    try:
        array = archive[name]
    except ValueError as error:
        if "allow_pickle" in str(error):
            raise DataFileError(
                f"{path}: {name!r} holds Python objects, which are never loaded; for series of unequal lengths save them "
                "one after the other (channels, total) with an integer array 'lengths'"
            ) from None
        raise DataFileError(f"{path}: {name!r} is damaged ({error}); write the file again") from None
    if not isinstance(array, np.ndarray):
        raise DataFileError(f"{path}: {name!r} is no NumPy array; an archive holds arrays alone")
    return array.astype(str) if array.dtype.kind == "S" else array


def _by_field(arrays: dict[str, Any], path: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the arrays by field, and the names in the file that differ from the field's."""
    fields: dict[str, Any] = {}
    names: dict[str, str] = {}
    for name, array in arrays.items():
        field = ALIASES.get(name, name)
        if field not in FIELDS and not name.startswith(PREFIX):
            field = PREFIX + name
        if field in fields:
            raise DataFileError(f"{path}: {names.get(field, field)!r} and {name!r} mean the same field; keep one of them")
        fields[field] = array
        if field != name:
            names[field] = name
    for name in ("point_role", "horizon"):
        if name in fields:
            if fields[name].ndim:
                raise DataFileError(f"{path}: {name} has shape {fields[name].shape}; it must be a single value")
            fields[name] = fields[name].item()
    return fields, names


def _split(fields: dict[str, Any], path: Path) -> None:
    """Cut the time fields into series, in place."""
    lengths = fields.pop("lengths")
    if lengths.ndim != 1 or lengths.dtype.kind not in "iu" or (lengths < 0).any():
        raise DataFileError(f"{path}: lengths has shape {lengths.shape} and dtype {lengths.dtype}; it must be counts (n,)")
    for name in TIME_FIELDS:
        if name not in fields:
            continue
        array, total = fields[name], int(lengths.sum())
        if array.ndim not in (1, 2) or array.shape[-1] != total:
            raise DataFileError(f"{path}: {name} has shape {array.shape}; lengths adds up to {total}, so it needs (…, {total})")
        fields[name] = np.split(array, np.cumsum(lengths)[:-1], axis=-1)[: len(lengths)]


def _classes(fields: dict[str, Any], about: dict[str, Any], path: Path) -> tuple[str, ...] | None:
    """Return the names of the classes, and number a label of text, in place."""
    label, classes = fields.get("label"), fields.pop("classes", None)
    names: tuple[str, ...] | None = None
    if classes is not None:
        if classes.ndim != 1:
            raise DataFileError(f"{path}: classes has shape {classes.shape}; it must be the names (number of classes,)")
        about["named"] = str if classes.dtype.kind == "U" else classes.dtype
        names = tuple(str(name) for name in classes.tolist())
    if label is None:
        return names
    if label.dtype.kind == "U" and label.ndim == 1:
        about["text"] = True
        texts = label.tolist()
        unknown = next((t for t in texts if names is not None and t not in names), None)
        if unknown is not None and names is not None:
            raise DataFileError(f"{path}: label {unknown!r} is not among the classes{suggest(unknown, names)}")
        if names is None:
            names, fields["label"] = classes_of(texts)
        else:
            fields["label"] = places_of(texts, names)
    elif names is not None and label.ndim == 2 and label.shape[1] != len(names):
        raise DataFileError(f"{path}: label has shape {label.shape} and there are {len(names)} classes; they must agree")
    elif names is not None and label.ndim == 1 and label.dtype.kind in "iu":
        check_places(label.tolist(), names, str(path))
    return names


def _arrays(file: File, about: Any, target: Path) -> dict[str, Any]:
    panel = file.panel
    arrays: dict[str, Any] = {}
    for name, array in panel.present():
        if name in TIME_FIELDS and panel.ragged:
            arrays[name] = np.concatenate([numpy_of(a) for a in array], axis=-1) if panel.n else np.empty((1, 0))
        else:
            arrays[name] = numpy_of(array)
    if panel.ragged:
        arrays["lengths"] = np.array([v.shape[-1] for v in panel.values], dtype=np.int64)
    elif about.get("ndim", 3) < 3 and panel.channels == 1:
        arrays["values"] = arrays["values"][0, 0] if about["ndim"] == 1 and panel.n == 1 else arrays["values"][:, 0]
    if np.array_equal(arrays["ids"], np.arange(panel.n)):
        del arrays["ids"]
    if panel.points is not None and panel.point_role != "event":
        arrays["point_role"] = np.array(panel.point_role)
    if panel.horizon:
        arrays["horizon"] = np.array(panel.horizon)
    if about.get("text") and panel.label is not None and not is_floating(panel.label):
        arrays["label"] = np.array(label_texts(file, target), dtype=str)
    if file.classes is not None and ("named" in about or not about.get("text") or is_floating(panel.label)):
        arrays["classes"] = np.array(file.classes, dtype=about.get("named", str))
    return arrays | {PREFIX + name: numpy_of(array) for name, array in panel.extra.items()}
