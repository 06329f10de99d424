"""The page of the command line, from the program's own help, so that it cannot say anything else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from variate.cli import app


def page() -> str:
    """Return the page: each command, its arguments and options."""
    group: Any = typer.main.get_command(app)
    lines = ["# Command line", "", group.help, "", "`variate --help` and `variate COMMAND --help` say the same.", ""]
    for name, command in sorted(group.commands.items()):
        lines += [f"## variate {name}", "", *_command(name, command), ""]
    return "\n".join(lines)


def _command(name: str, command: Any) -> Iterator[str]:
    yield " ".join((command.help or "").split()).replace("``", "`")
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option" and p.name != "help"]
    yield from ("", "```sh", " ".join([f"variate {name}", *map(_usage, arguments), *["[OPTIONS]"] * bool(options)]), "```", "")
    if arguments or options:
        yield "| | default | what it is |"
        yield "|---|---|---|"
    for p in [*arguments, *options]:
        label = p.metavar or p.name.upper() if p in arguments else ", ".join((*p.opts, *p.secondary_opts))
        yield f"| `{label}` | {_default(p)} | {(p.help or '').replace('|', chr(92) + '|')} |"


def _usage(argument: Any) -> str:
    name = argument.metavar or argument.name.upper()
    return name if argument.required else f"[{name}]"


def _default(p: Any) -> str:
    if p.required:
        return "required"
    return "" if p.default is None or p.default is False else f"`{p.default}`"
