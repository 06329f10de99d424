"""The contract of DESIGN §8: one function per rule, each of which names the rule in its failure."""

from __future__ import annotations

import pickle
import random
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import variate
from contract.cases import Case, full_panel, series
from variate.core import engine, spec
from variate.core.errors import ContractError, DrawError, ParameterError
from variate.core.panel import Panel
from variate.core.param import params

Rule = Callable[[Case], None]
RULES: dict[str, Rule] = {}


def rule(name: str) -> Callable[[Rule], Rule]:
    """Register a rule; whatever goes wrong inside it is reported under its name."""

    def wrap(check: Rule) -> Rule:
        def named(case: Case) -> None:
            try:
                check(case)
            except Exception as error:
                raise AssertionError(f"rule broken: {name} — {case}: {type(error).__name__}: {error}") from error

        RULES[name] = named
        return named

    return wrap


def need(condition: Any, message: str) -> None:
    if not condition:
        raise AssertionError(message)


def same(a: Any, b: Any, message: str, tolerance: float = 0.0) -> None:
    a, b = np.asarray(a), np.asarray(b)
    need(a.shape == b.shape, f"{message}: shapes {a.shape} and {b.shape}")
    equal = np.allclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=True) if tolerance else _equal(a, b)
    need(equal, f"{message}: values differ")


def _equal(a: Any, b: Any) -> bool:
    return np.array_equal(a, b, equal_nan=a.dtype.kind == "f")


def same_panels(a: Panel, b: Panel, message: str, tolerance: float = 0.0) -> None:
    need({k for k, _ in a.present()} == {k for k, _ in b.present()}, f"{message}: other fields")
    for name, array in a.present():
        floating = np.asarray(array).dtype.kind == "f"
        same(array, getattr(b, name), f"{message}: {name}", tolerance if floating else 0.0)


def exact(case: Case) -> float:
    """How far a row may be from itself in another batch: on NumPy not a bit, nor on torch but by way of a spectrum or an STL.

    There torch's complex functions and its matrix products round by the place of a number in its batch. What walks by ranks
    may turn elsewhere after such a rounding; its own tests hold it to its promises.
    """
    if case.backend == "numpy":
        return 0.0
    nodes = _nodes(case.transform)
    if any(node.iterated for node in nodes):
        return 1e9
    turned = any(word in type(node).__module__ for node in nodes for word in ("frequency.", "decomposition."))
    return (
        2e-6
        if turned or any(node.op in ("in", "tailored_mixup") for node in nodes)
        else 1e-6
        if case.backend == "cuda"
        else 0.0
    )


def _nodes(transform: Any) -> list[Any]:
    """Return a transform and all that it is made of."""
    return [transform, *(node for part in getattr(transform, "parts", ()) for node in _nodes(part))]


def leaves(transform: Any) -> list[Any]:
    """Return the operations that a pipeline is made of in the end, or the operation itself."""
    parts = getattr(transform, "parts", None)
    return [transform] if parts is None else [leaf for part in parts for leaf in leaves(part)]


@rule("the input is not written to")
def input_untouched(case: Case) -> None:
    if case.backend != "numpy":
        x = torch.tensor(series(), device="cuda" if case.backend == "cuda" else "cpu")
        before = x.clone()
        y = case.tensors(x, seed=1)
        need(torch.equal(x, before), "the tensor changed")
        need(y.data_ptr() != x.data_ptr(), "the result is the input's memory")
        return
    panel = full_panel()
    copies = {k: v.copy() for k, v in panel.present()}
    out = case(panel, seed=1)
    for name, array in panel.present():
        same(array, copies[name], name)
        shared = name not in ("ids", "weight") and np.shares_memory(array, getattr(out, name))
        need(not shared, f"{name} of the result is the input's memory")
    frozen = series()
    frozen.setflags(write=False)
    case(frozen, seed=1)


@rule("dtype, device, kind and finiteness are kept")
def kind_kept(case: Case) -> None:
    finite = not _makes_nan(case.transform)
    for dtype in (np.float16, np.float32, np.float64):
        x = series(dtype=dtype)
        y = case(x, seed=2)
        need(y.dtype == dtype, f"{np.dtype(dtype)} came back as {y.dtype}")
        need(np.isfinite(y).all() or not finite, "not finite")
    for dtype, wide in ((np.int8, np.float32), (np.int16, np.float32), (np.int32, np.float64), (np.int64, np.float64)):
        y = case(np.arange(64, dtype=dtype)[None, None], seed=2)
        need(y.dtype == wide, f"{np.dtype(dtype)} became {y.dtype}, not {np.dtype(wide)}")
    tensor = torch.as_tensor(series(), dtype=torch.bfloat16)
    out = case.tensors(tensor, seed=2)
    need(out.dtype == torch.bfloat16 and out.device.type == ("cuda" if case.backend == "cuda" else "cpu"), "bfloat16")
    x = series()
    need(case(x[0, 0], seed=2).ndim == 1 and case(x[:, 0], seed=2).ndim == 2, "dimensions are not given back in kind")
    pair = case(x, np.arange(6) % 3, seed=2)
    need(isinstance(pair, tuple) and len(pair) == 2 and len(pair[1]) == 6, "aug(x, y) is not a pair")


@rule("a row does not feel its batch")
def row_alone(case: Case) -> None:
    panel = full_panel(n=7)
    whole = case(panel, seed=3, epoch=2)
    for i in range(panel.n):
        alone = case(panel.rows(slice(i, i + 1)), seed=3, epoch=2)
        same_panels(alone, whole.rows(slice(i, i + 1)), f"row {i} alone", exact(case))
    order = np.array([4, 0, 6, 2, 1, 5, 3])
    same_panels(case(panel.rows(order), seed=3, epoch=2), whole.rows(order), "reordered", exact(case))
    wild = panel.replace(values=np.concatenate([panel.values[:1], 1000 * panel.values[1:] + 5]).astype(np.float32))
    same(case(wild, seed=3, epoch=2).values[0], whole.values[0], "among wild neighbours", exact(case))
    _row_in_ragged(case, panel)


def _row_in_ragged(case: Case, panel: Panel) -> None:
    lengths = [64, 40, 64, 33, 40, 64, 7]
    ragged = [panel.values[i][:, :length] for i, length in enumerate(lengths)]
    out = case(ragged, seed=3)
    need(isinstance(out, list) and len(out) == 7, "a list did not come back as a list")
    for i, length in enumerate(lengths):
        alone = case(panel.values[i : i + 1, :, :length], like=ragged, seed=3, ids=[i])
        same(out[i], alone[0], f"ragged row {i}", exact(case))


@rule("chunks and threads change nothing")
def chunks_and_threads(case: Case) -> None:
    panel = full_panel(n=40, length=50)
    whole = case(panel, seed=4)
    before = engine.CHUNK_BYTES, engine.WORTH_A_THREAD
    try:
        engine.CHUNK_BYTES, engine.WORTH_A_THREAD = 3 * 600, 600
        for count in (1, 2, 5):
            variate.set_threads(count)
            same_panels(case(panel, seed=4), whole, f"{count} threads, 3 rows a chunk", exact(case))
    finally:
        engine.CHUNK_BYTES, engine.WORTH_A_THREAD = before
        variate.set_threads(None)


@rule("seed, epoch and ids matter where the transform draws, and nothing else does")
def seed_matters(case: Case) -> None:
    panel = full_panel(n=40)
    first, drawn = case(panel, seed=5, record=True)
    same_panels(first, case(panel, seed=5), "the same seed twice", 0.0)
    if not any(numbers.size for arrays in drawn.values() for numbers in arrays.values()):
        return
    for change in ({"seed": 6}, {"seed": 5, "epoch": 1}, {"seed": 5, "ids": np.arange(40) + 500}):
        out, other = case(panel, **change, record=True)
        need(_drawn_differently(drawn, other), f"{change} draws the same numbers")
        fields = ("values", "points", "label", "mask", "covariates")
        need(not all(_equal(getattr(first, k), getattr(out, k)) for k in fields), f"{change} gives the same result")
    need(_drawn_differently(*[case(panel, record=True)[1] for _ in range(2)]), "no seed is always the same")


def _drawn_differently(a: dict[str, Any], b: dict[str, Any]) -> bool:
    if a.keys() != b.keys() or any(a[p].keys() != b[p].keys() for p in a):
        return True
    return any(not _equal(np.asarray(a[p][k]), np.asarray(b[p][k])) for p in a for k in a[p])


@rule("each draw has its own name")
def draws_named(case: Case) -> None:
    try:
        drawn = case(full_panel(), seed=5, record=True)[1]
    except DrawError as error:
        raise AssertionError(f"a name was used twice: {error}") from error
    streams = [np.asarray(a).ravel() for arrays in drawn.values() for a in arrays.values() if np.asarray(a).dtype.kind == "f"]
    for i, a in enumerate(streams):
        for b in streams[:i]:
            size = min(a.size, b.size)
            need(size < 8 or not _equal(a[:size], b[:size]) or np.isnan(a[:size]).all(), "two draws hold the same numbers")


@rule("global generators are not touched, nor read")
def generators_untouched(case: Case) -> None:
    x = series()
    results = []
    for seed in (0, 1):
        np.random.seed(seed)  # noqa: NPY002 - the global state is what this rule is about
        random.seed(seed)
        torch.manual_seed(seed)
        before = np.random.get_state()[1].tolist(), random.getstate(), torch.get_rng_state().tolist()  # noqa: NPY002
        results.append(case(x, seed=6))
        after = np.random.get_state()[1].tolist(), random.getstate(), torch.get_rng_state().tolist()  # noqa: NPY002
        need(before == after, "a global generator was advanced")
    same(results[0], results[1], "the result depends on a global generator")


@rule("NaN does not spread")
def nan_stays(case: Case) -> None:
    x = series(n=4, channels=2, length=60)
    x[0, 0, 20] = np.nan
    x[1, 1, 30:34] = np.nan
    x[2, :, 0] = x[2, :, -1] = np.nan
    y, missing = case(x, seed=7), np.isnan(x)
    if "steps" in case.transform.preserves:
        same(np.isnan(y).sum(1), missing.sum(1), "a step has other missing readings")
    elif case.transform.family in ("value", "label"):
        need(not (missing & ~np.isnan(y)).any(), "a missing reading was made up")
        need((np.isnan(y) == missing).all() or _makes_nan(case.transform), "a reading went missing")
    elif case.transform.family == "time":
        clock = case(np.broadcast_to(np.arange(60, dtype=np.float64), (4, 1, 60)), seed=7)[:, 0]
        nearest = np.clip(np.floor(clock + 0.5).astype(int), 0, 59)
        moved = np.stack([missing[i][:, nearest[i]] for i in range(4)])
        averages = case.transform.averages  # what is there of several readings may do
        need(not (np.isnan(y) & ~moved).any(), "NaN is where no missing reading went")
        need(averages or not (moved & ~np.isnan(y)).any(), "a missing reading was made up")
    else:
        need(np.isfinite(y[3]).all() or _makes_nan(case.transform), "a row without NaN has one")
        need(np.isfinite(y[0]).mean() > 0.6, "a single NaN took most of its row")
    _dead_channel(case)


def _dead_channel(case: Case) -> None:
    x = series(n=2, channels=2, length=40)
    x[0, 1] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", variate.core.errors.AllMissingWarning)
        y = case(x, seed=7)
    cut = any(leaf.op in ("cut_mix", "dtw_merge") for leaf in leaves(case.transform))  # a piece of a partner has its readings
    need(cut or np.isnan(y[0, 1]).all() or not np.isnan(y[0, 1]).any(), "a channel without readings came back in part")
    need(not np.isnan(y[0, 0]).any() or _makes_nan(case.transform), "a dead channel poisoned its neighbour")


@rule("empty, short and constant series work")
def degenerate(case: Case) -> None:
    for length in (1, 2, 3, 5, 31):
        out = case(full_panel(n=3, length=length), seed=8)
        announced = case.transform.length(length)
        need(out.values.shape == (3, 3, announced), f"T = {length} came back as {out.values.shape}")
        need(case(series(0, 2, length), seed=8).shape == (0, 2, announced), f"an empty batch of T = {length}")
    empty = case(full_panel(n=3, length=20).rows(slice(0, 0)), seed=8)
    need(empty.n == 0 and (empty.points is None or empty.points.shape[0] == 0), "an empty panel")
    need(case([], seed=8) == [], "an empty list")
    flat = case(np.full((2, 2, 50), 3.25, np.float32), seed=8)
    need(np.isfinite(flat).all() or _makes_nan(case.transform), "a constant series is not finite any more")


@rule("length is as announced, and fields fit together")
def length_announced(case: Case) -> None:
    for length in (20, 64, 97):
        out = case(full_panel(length=length), seed=9)
        need(out.length == case.transform.length(length), f"announced {case.transform.length(length)}, came {out.length}")
        need(out.mask.shape == (6, out.length), "the mask does not fit")
        need(case.transform.drops == (out.points is None), "point labels are not what `drops` says")
        need(out.points is None or out.points.shape == (6, out.length), "points do not fit")
        need(out.covariates.shape == (6, 2, out.length), "covariates do not fit")
        need(out.mask.dtype == bool, "the mask is no longer boolean")
        same(out.weight, full_panel(length=length).weight, "weight")
        need(list(out.extra["name"]) == [f"s{i}" for i in range(6)], "extra did not come through")
        same(out.ids, np.arange(100, 106), "ids")


@rule("a spec survives YAML and gives the same output")
def spec_round_trip(case: Case) -> None:
    import yaml

    text = yaml.safe_dump(spec.to_dict(case.transform))
    again = spec.from_dict(yaml.safe_load(text))
    need(again == case.transform and repr(again) == repr(case.transform), "another transform came back")
    same(Case(again, case.backend)(series(), seed=10), case(series(), seed=10), "output")


@rule("pickle gives the same transform")
def pickles(case: Case) -> None:
    again = pickle.loads(pickle.dumps(case.transform))
    need(again == case.transform and hash(again) == hash(case.transform), "another transform came back")
    same(Case(again, case.backend)(series(), seed=11), case(series(), seed=11), "output")


@rule("invalid values raise the right sentence")
def invalid_values(case: Case) -> None:
    cls = type(case.transform)
    if cls.takes_parts:
        return
    for name, declared in params(cls).items():
        for value in declared.invalid():
            try:
                cls(**{name: value})
            except ParameterError as error:
                need(str(error).startswith(f"{cls.__name__}({name}={value!r}): {name} must "), f"sentence: {error}")
            else:
                need(False, f"{name}={value!r} was accepted")
    try:
        cls(no_such_parameter=1)
    except ParameterError as error:
        need("no_such_parameter" in str(error), f"sentence: {error}")
    else:
        need(False, "an unknown parameter was accepted")


@rule("the identity value does nothing")
def identity_value(case: Case) -> None:
    if type(case.transform).takes_parts or _makes_nan(case.transform):
        return
    for name, declared in params(type(case.transform)).items():
        if declared.identity is None:
            continue
        values = {k: getattr(case.transform, k) for k in params(type(case.transform))}
        quiet = Case(type(case.transform)(**{**values, name: declared.identity}), case.backend)
        panel = full_panel(dtype=np.float64)
        if quiet.transform.marks:
            continue
        out = quiet(panel, seed=12)
        same(out.values, panel.values, f"{name}={declared.identity!r}", 1e-12)
        if not quiet.transform.drops:
            same(out.points, panel.points, f"{name}={declared.identity!r}: points")


@rule("at(magnitude) gives valid transforms from weak to strong")
def at_magnitude(case: Case) -> None:
    for u in (0.0, 0.3, 1.0):
        moved = case.transform.at(u)
        need(type(moved) is type(case.transform), "another class")
        Case(moved, case.backend)(series(), seed=13)
    for name, declared in params(type(case.transform)).items():
        if declared.search is not None:
            weak = declared.search[0] if declared.identity is None else declared.identity
            need(getattr(case.transform.at(0.0), name) == weak, f"{name} at 0")
            need(getattr(case.transform.at(1.0), name) == declared.search[1], f"{name} at 1")
    try:
        case.transform.at(1.5)
    except ParameterError:
        return
    need(not params(type(case.transform)), "at(1.5) was accepted")


@rule("fit gives a transform of the same kind")
def fits(case: Case) -> None:
    fitted = case.transform.fit(full_panel(), seed=0)
    need(type(fitted) is type(case.transform) and fitted == case.transform, "another transform came back")
    need(repr(fitted) == repr(case.transform), "what it learned is printed")
    again = pickle.loads(pickle.dumps(fitted))
    same_panels(again(full_panel(), seed=13), fitted(full_panel(), seed=13), "what it learned was lost in a pickle")


@rule("unfitted use gives the right sentence")
def unfitted_use(case: Case) -> None:
    mixing = [leaf for leaf in leaves(case.transform) if leaf.family == "mix" and leaf.pool == "fitted"]
    if not mixing:
        return
    try:
        case.transform(full_panel(n=40), seed=13)
    except ContractError as error:
        names = [type(leaf).__name__ for leaf in mixing]
        sentences = [f"{name} draws partners from known data; call {name}().fit(panel) first" for name in names]
        need(str(error) in sentences, f"sentence: {error}")
    else:
        need(False, "it found partners out of nothing")


@rule("NumPy and torch agree")
def backends_agree(case: Case) -> None:
    if case.backend == "numpy":
        return
    panel = full_panel(dtype=np.float64)
    a, drawn_a = Case(case.transform, "numpy")(panel, seed=14, record=True)
    b, drawn_b = case(panel, seed=14, record=True)
    need(drawn_a.keys() == drawn_b.keys(), "other places drew")
    for path, arrays in drawn_a.items():
        for name, numbers in arrays.items():
            same(numbers, drawn_b[path][name], f"draw {path}.{name}", 1e-6 if case.backend == "cuda" else 0.0)
    for name, array in a.present():
        if name == "values" and any(
            part.iterated for part in leaves(case.transform)
        ):  # ranks that rounding exchanges lead elsewhere
            spectra = [np.abs(np.fft.rfft(np.nan_to_num(v), axis=-1)) for v in (array, getattr(b, name))]
            gap = np.linalg.norm(spectra[0] - spectra[1]) / np.linalg.norm(spectra[0])
            need(gap < 0.2, f"the spectra of the two bodies are {gap:.0%} apart")
        elif name != "ids":
            same(array, getattr(b, name), name, 2e-5 if np.asarray(array).dtype.kind == "f" else 0.0)


@rule("what forgets when refuses point labels, or drops them")
def points_refused(case: Case) -> None:
    cls = type(case.transform)
    if getattr(cls, "local", True):
        return
    need("on_points" in params(cls), "there is no parameter on_points")
    values = {k: getattr(case.transform, k) for k in params(cls)}
    try:
        Case(cls(**{**values, "on_points": "refuse"}), case.backend)(full_panel(), seed=12)
    except ContractError as error:
        need("on_points='drop'" in str(error), f"sentence: {error}")
    else:
        need(False, "point labels were kept")
    need(Case(cls(**{**values, "on_points": "drop"}), case.backend)(full_panel(), seed=12).points is None, "not dropped")


@rule("gradients flow where promised")
def gradients(case: Case) -> None:
    if case.backend == "numpy" or not case.transform.differentiable:
        return
    x = torch.tensor(series(dtype=np.float64), requires_grad=True, device="cuda" if case.backend == "cuda" else "cpu")
    y = case.fitted(x.detach().cpu())(x, seed=15)
    need(y.requires_grad, "the output has no gradient")
    y.square().sum().backward()
    need(torch.isfinite(x.grad).all() and bool((x.grad != 0).any()), "the gradient is zero or not finite")


@rule("a recorded run equals an unrecorded one")
def record_equals(case: Case) -> None:
    panel = full_panel()
    out, drawn = case(panel, seed=16, record=True)
    same_panels(out, case(panel, seed=16), "recording", 1e-6)
    for path, arrays in drawn.items():
        need(path.startswith(f"/{case.transform.op}"), f"path {path}")
        need(all(len(a) == panel.n for a in arrays.values()), f"{path}: rows")


@rule("a forecast horizon is respected")
def horizon_respected(case: Case) -> None:
    panel = full_panel(length=60, horizon=12)
    try:
        out = case(panel, seed=17)
    except ContractError as error:
        need(not _forecastable(case.transform), f"refused: {error}")
        need("horizon" in str(error), f"sentence: {error}")
        return
    need(_forecastable(case.transform), "it was not refused")
    need(out.horizon == 12, "the horizon changed")
    if getattr(case.transform, "scope", "") == "past":
        same(out.values[..., -12:], panel.values[..., -12:], 'scope="past": the target')
    if case.transform.family == "time":
        _border_kept(case)


def _border_kept(case: Case) -> None:
    """A ramp shows which old readings a new one is made of; past and target may share none."""
    ramp = np.broadcast_to(np.arange(60.0), (20, 1, 60))
    read = case(Panel(ramp, horizon=12), seed=17).values[:, 0]
    if read.shape[1] == 60:
        need(read[:, :48].max() <= 47, "a past reading touches a target")
        need(read[:, 48:].min() >= 48, "a target reading comes from the past")
    latest, first = np.ceil(read[:, :-12] - 1e-6).max(1), np.floor(read[:, -12:] + 1e-6).min(1)
    need((latest < first).all(), "a reading of the past is also one of the target")


def _forecastable(transform: Any) -> bool:
    parts = getattr(transform, "parts", None)
    return all(map(_forecastable, parts)) if parts is not None else transform.forecastable


def _makes_nan(transform: Any) -> bool:
    parts = getattr(transform, "parts", ())
    return getattr(transform, "fill", "") == "nan" or any(map(_makes_nan, parts))
