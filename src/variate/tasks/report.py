"""The demo's report: one HTML page that needs nothing else, pictures included."""

from __future__ import annotations

import base64
import html
import io
from importlib import resources
from string import Template
from typing import TYPE_CHECKING, Any

import numpy as np

from variate import plot
from variate.core.panel import Panel
from variate.core.param import params
from variate.core.transform import Transform
from variate.pipeline.compose import Compose
from variate.tasks import watch
from variate.tasks.fcn import split
from variate.tasks.study import REASONS, Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOWN = ("ABD", "FEL", "ER")
AXES = (1, 4)
COLOURS = {"helped": "#0072B2", "hurt": "#D55E00", "undecided": "#8c8c8c"}


def page(study: Study, panel: Panel, names: list[str], copies: int) -> str:
    """Return the page; ``panel`` is the whole data set, ``copies`` how many the folder's archive has of each window."""
    from variate import __version__

    result, first = study.accuracy, study.rows[0]
    train, _ = split(panel, "subject", [first.person])
    counts = np.bincount(np.asarray(panel.label), minlength=len(names))
    text = {
        "sentence": result.sentence(),
        "colour": COLOURS[result.verdict],
        "without": f"{result.without:.3f}",
        "with_": f"{result.with_:.3f}",
        "difference": signed(result.difference),
        "tally": f"{result.wins} – {result.ties} – {result.losses}",
        "pairs": str(result.pairs),
        "windows": str(panel.n),
        "steps": str(study.training.steps),
        "person": str(first.person),
        "accuracy_line": result.summary(),
        "f1_line": study.macro_f1.summary(),
        "chance": f"{counts.max() / counts.sum():.2f}",
        "again": _again(study),
        "originals": str(train.n),
        "copies": str(copies),
        "version": __version__,
        "seconds": f"{study.seconds:.0f}",
    }
    blocks = {
        "classes": _table([(f"{n} ({watch.EXERCISES[n]})", str(k)) for n, k in zip(names, counts, strict=True)]),
        "steps_table": _table([_step(step) for step in study.policy.steps]),
        "pictures": _pictures(study.policy, train, names),
        "scores": _scores(study),
        "rows": _rows(study),
    }
    template = resources.files("variate.tasks").joinpath("report.html.tmpl").read_text(encoding="utf-8")
    return Template(template).substitute({k: html.escape(v) for k, v in text.items()} | blocks)


def signed(number: float) -> str:
    """Return a difference with its sign, a true minus among them."""
    return f"{number:+.3f}".replace("-", "−")


def _step(step: Transform) -> tuple[str, str, str]:
    """Return a step of the policy as a row: its name and size, the first line of its own docstring, the reason."""
    said = (type(step).__doc__ or "").splitlines()[0].split(" [")[0].rstrip(".")
    sizes = ", ".join(f"{k}={getattr(step, k):g}" for k, p in params(type(step)).items() if p.search is not None)
    return f"{type(step).__name__}({sizes})", f"{said}.", REASONS.get(step.op, "")


def _table(rows: list[tuple[str, ...]]) -> str:
    return "\n".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)


def _rows(study: Study) -> str:
    cells: list[tuple[str, ...]] = []
    for r in study.rows:
        head = (str(r.seed), f"person {r.person}", str(r.train_windows), str(r.test_windows))
        cells.append((*head, f"{r.without.accuracy:.3f}", f"{r.with_.accuracy:.3f}", signed(r.difference)))
    mean = study.accuracy
    last = ("mean", "", "", "", f"{mean.without:.3f}", f"{mean.with_:.3f}", signed(mean.difference))
    return _table(cells) + "\n" + _table([last]).replace("<tr>", '<tr class="mean">')


def _pictures(policy: Compose, train: Panel, names: list[str]) -> str:
    """Return one picture for each step alone, and one for the whole policy."""
    rows = [_example(train, names.index(name)) for name in SHOWN]
    look: dict[str, Any] = {
        "rows": rows,
        "channels": AXES,
        "rate": watch.RATE,
        "channel_names": [f"{watch.CHANNELS[c]} ({watch.UNITS[c]})" for c in AXES],
        "row_names": [f"{name}: {watch.EXERCISES[name]}" for name in SHOWN],
    }
    parts = []
    for step in policy.steps:
        about = f"Two versions of each window. {_moved(train, step)}"
        parts.append(_figure(f"{type(step).__name__} alone", about, plot.before_after(train, step, copies=2, **look)))
    about = f"All {len(policy.steps)} steps in turn, three versions of each window. {_moved(train, policy)}"
    parts.append(_figure("The whole policy", about, plot.before_after(train, policy, copies=3, **look)))
    return "\n".join(parts)


def _moved(train: Panel, aug: Transform) -> str:
    """Say how much an augmentation changes the readings, so that a small change is known for one."""
    before, after = np.asarray(train.values), np.asarray(aug(train, seed=0, epoch=1).values)
    size = np.sqrt(np.mean((after - before) ** 2, axis=2)) / np.std(before, axis=2)
    typical = 100 * float(np.median(size))
    hidden = " At this scale that is hardly visible." if typical < 5 else ""
    return f"A reading moves by {typical:.0f} % of its channel’s spread in a typical window.{hidden}"


def _example(train: Panel, label: int) -> int:
    """Return the position of a window from the middle of the class, where the exercise is under way."""
    rows = np.flatnonzero(np.asarray(train.label) == label)
    return int(rows[len(rows) // 4])


def _scores(study: Study) -> str:
    figure = plot.paired_scores(
        [r.without.accuracy for r in study.rows],
        [r.with_.accuracy for r in study.rows],
        names=[f"seed {r.seed}, person {r.person}" for r in study.rows],
        label="accuracy on the people not trained on (share of windows)",
    )
    return _figure("", "Each line is one paired run. A blue diamond right of the grey dot: augmentation helped there.", figure)


def _figure(title: str, caption: str, figure: Figure) -> str:
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=150)
    data = base64.b64encode(picture.getvalue()).decode("ascii")
    head = f"<h3>{html.escape(title)}</h3>\n" if title else ""
    said = html.escape(caption)
    return f'{head}<figure><img alt="{said}" src="data:image/png;base64,{data}">\n<figcaption>{said}</figcaption></figure>'


def _again(study: Study) -> str:
    used = ", ".join(sorted({type(study.policy).__name__, *(type(step).__name__ for step in study.policy.steps)}))
    return f"""\
from variate import {used}
from variate.tasks import watch
from variate.tasks.fcn import FCNTraining, fit_and_test, split

panel, names = watch.load()
train, test = split(panel, "subject", [{study.rows[0].person}])
aug = {study.policy!r}
training = {study.training!r}
for arm in (None, aug):
    print(fit_and_test(train, test, aug=arm, seed=0, training=training).accuracy)"""
