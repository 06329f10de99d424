"""The command line: ``variate demo``, ``augment``, ``ops``, ``show``, ``gallery``, ``run``, ``table`` and ``report``."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from variate.core.errors import DataFileError, SpecError, VariateError, suggest

if TYPE_CHECKING:  # rich takes a moment to load, which --help has no use for
    from rich.console import Console
    from rich.progress import Progress

    from variate.core.transform import Transform

app = typer.Typer(
    help="More, and better, training data out of the time series you have.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder for the augmented data, the policy and the report.")] = Path("variate-demo"),
    seeds: Annotated[int, typer.Option(min=2, help="Paired runs: the same start, with and without augmentation.")] = 6,
) -> None:
    """Augment real sensor data, train a network with and without it, and report what that did."""
    from variate.tasks.demo import run

    run(out, seeds=seeds)


@app.command()
def augment(
    source: Annotated[Path, typer.Argument(metavar="IN", help="Data: .npz, UCR .tsv[.gz], .ts[.gz], long .parquet or .csv.")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="Where to write; the ending chooses the format.")],
    policy: Annotated[str, typer.Option(help="A policy file (.yaml, .json), or the name of an operation or preset.")],
    copies: Annotated[int, typer.Option(min=0, help="Augmented copies of every series, after the originals.")] = 1,
    seed: Annotated[int, typer.Option(help="The same seed gives the same file on any machine.")] = 0,
    threads: Annotated[int | None, typer.Option(min=1, help="Threads; changes the time, never the result.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite OUT if it exists.")] = False,
) -> None:
    """Write a data file grown by augmented copies of its series."""
    from variate import io
    from variate.core.engine import set_threads
    from variate.pipeline.expand import copies_of, joined

    aug = _policy(policy)
    io.check_target(target, force)
    if threads is not None:
        set_threads(threads)
    file = io.read(source)
    if "source" in file.panel.extra:
        raise DataFileError(f"{source}: holds augmented copies already; augment the original file, with more --copies")
    aug = aug if aug.fitted else aug.fit(file.panel)
    made = []
    with _progress() as progress:
        for copy in progress.track(copies_of(file.panel, aug, copies, seed), total=copies, description="augmenting"):
            made.append(copy)
        writing = progress.add_task(f"writing {target.name}", total=1)
        grown = file._replace(panel=joined(file.panel, aug, made))
        io.write(target, grown, force=force)
        progress.advance(writing)
    _say(f"{target}: {grown.panel.n} series ({file.panel.n} originals + {copies} × {file.panel.n} copies)")


@app.command()
def ops() -> None:
    """List the operations: family, what happens to labels, parameters."""
    from rich.table import Table

    from variate import ops as registry
    from variate.core.param import params

    table = Table(title="operations", title_justify="left", show_lines=False)
    for column in ("name", "family", "labels", "parameters (default)"):
        table.add_column(column, overflow="fold")
    for name, cls in sorted(registry.items(), key=lambda item: (item[1].family, item[0])):
        listed = ", ".join(f"{p.name} ({p.default})" for p in params(cls).values())
        table.add_row(name, cls.family, cls.label_rule, listed)
    _console().print(table)


@app.command()
def show(
    policy: Annotated[str, typer.Argument(metavar="OP", help="An operation, a preset, or a policy file (.yaml, .json).")],
    out: Annotated[Path, typer.Option(help="Where to write the picture: .png, .svg or .pdf.")],
    data: Annotated[Path | None, typer.Option(help="Data to draw, its first four series; else four examples.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same picture.")] = 0,
    rate: Annotated[float | None, typer.Option(help="Readings a second, for axes in seconds and hertz.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the picture if it exists.")] = False,
) -> None:
    """Draw series before and after an operation: values, labels, spectrum and histogram."""
    from variate import io, plot
    from variate import ops as registry

    aug = _policy(policy, "show")
    if policy in registry:  # as the gallery shows it: what refuses point labels goes on without them
        aug = plot.sample(registry[policy])
    plot.check_target(out, force)
    panel, classes = (None, None) if data is None else io.read(data)[:2]
    _say(str(plot.save(plot.show(aug, panel, seed=seed, rate=rate, classes=classes), out, force)))


@app.command()
def gallery(
    out: Annotated[Path, typer.Option(help="Folder for the page and its pictures.")] = Path("variate-gallery"),
    force: Annotated[bool, typer.Option("--force", help="Write into a folder that holds other things.")] = False,
) -> None:
    """Write a page with a picture and the facts of every operation."""
    from variate import ops as registry
    from variate import plot

    with _progress() as progress:
        task = progress.add_task("drawing", total=len(registry))
        page = plot.gallery(out, force=force, on_picture=lambda: progress.advance(task))
    _say(f"{page}: {len(registry)} operations; open it in a browser")


@app.command()
def run(
    recipe: Annotated[str, typer.Argument(metavar="RECIPE", help="A recipe file (.yaml), or a name: one that comes along.")],
    profile: Annotated[str, typer.Option(help="cpu (two cores, about an hour), quick (minutes), or full.")] = "cpu",
    out: Annotated[Path | None, typer.Option(help="Where lines are added; else results/ and the recipe's name.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes; changes the time, never the result.")] = 1,
    device: Annotated[str, typer.Option(help="Where networks are trained: cpu, cuda.")] = "cpu",
) -> None:
    """Measure a recipe's arms against training without augmentation; what is in OUT already is not trained again."""
    from variate.tasks.recipe import find, read_recipe
    from variate.tasks.run import run as run_recipe

    plan = read_recipe(find(recipe), profile)
    target = out or Path("results") / f"{plan.name}.jsonl"
    try:
        with _progress() as progress:
            task = progress.add_task(f"{plan.name}, {profile}", total=None)
            ran = run_recipe(
                plan,
                target,
                workers=workers,
                device=device,
                on_cell=lambda done, total: progress.update(task, completed=done, total=total),
            )
    except KeyboardInterrupt:
        typer.echo(f"variate: stopped; finished lines are in {target}, and the same command goes on from there", err=True)
        raise SystemExit(130) from None
    for cell, sentence in ran.failed:
        typer.echo(f"variate: {cell.data}, {cell.model.name}, {cell.arm_name}, seed {cell.seed}: {sentence}", err=True)
    _say(f"{target}: {ran.done} trained now, {ran.before} before, {len(ran.failed)} failed")
    if ran.failed:
        raise SystemExit(1)


@app.command()
def table(
    results: Annotated[list[Path] | None, typer.Argument(help="Files of results (.jsonl), or folders of them.")] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="As Markdown, for a page.")] = False,
) -> None:
    """Print what lines of results come to: each arm against training without augmentation."""
    from variate.tasks.results import gathered
    from variate.tasks.tables import table as table_of

    typer.echo(table_of(gathered(results or [Path("results")]), "markdown" if markdown else "text"))


@app.command()
def report(
    results: Annotated[list[Path] | None, typer.Argument(help="Files of results (.jsonl), or folders of them.")] = None,
    out: Annotated[Path, typer.Option(help="Where to write the page.")] = Path("variate-report.html"),
    force: Annotated[bool, typer.Option("--force", help="Overwrite the page if it exists.")] = False,
) -> None:
    """Write one page with tables, intervals and curves of what lines of results come to."""
    from variate.tasks.evidence_page import write
    from variate.tasks.recipe import abouts
    from variate.tasks.results import gathered

    _say(f"{write(gathered(results or [Path('results')]), out, force, abouts=abouts())}: open it in a browser")


def _policy(name: str, place: str = "--policy") -> Transform:
    """Return the transform of a policy file, a preset, or an operation with its defaults; ``place`` is where it was named."""
    from variate import load
    from variate import ops as registry
    from variate.pipeline.presets import presets

    if Path(name).suffix:
        return load(name)
    name = _other_names().get(name.lower(), name)
    if name in presets:
        return presets[name]()
    if name not in registry:
        known = [*registry, *presets]
        raise SpecError(f"{place} {name}: no policy file (.yaml, .json), operation or preset{suggest(name, known)}")
    if registry[name].takes_parts:
        raise SpecError(f"{place} {name}: is made of other operations; write them into a policy file and name that")
    return registry[name]()


def _other_names() -> dict[str, str]:
    """Return the second public names of operations, such as upsample, with the names that policies know."""
    import variate
    from variate.core.transform import Transform

    classes = {name: getattr(variate, name) for name in variate.__all__}
    ops = {name: cls for name, cls in classes.items() if isinstance(cls, type) and issubclass(cls, Transform)}
    return {name.lower(): str(cls.op) for name, cls in ops.items() if name != cls.__name__}


def _console(stderr: bool = False) -> Console:
    from rich.console import Console

    return Console(stderr=stderr, width=None if sys.stdout.isatty() else 160)


def _progress() -> Progress:
    from rich.progress import Progress

    return Progress(console=_console(stderr=True), transient=True)


def _say(text: str) -> None:
    _console().print(text, highlight=False, soft_wrap=True)


def main() -> None:
    """Run the command line; what goes wrong becomes one sentence and exit status 1, a warning one sentence."""
    warnings.formatwarning = lambda message, *_args, **_kwargs: f"variate: {message}\n"
    try:
        app()
    except VariateError as error:
        typer.echo(f"variate: {error}", err=True)
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        typer.echo("variate: stopped; nothing half-written is left", err=True)
        raise SystemExit(130) from None
