"""Docstrings as Markdown: for the pages of operations, and for the API pages (as an extension of Griffe).

The docstrings of variate are plain text with double backticks, doctests, reference keys such as ``[um2017]`` and a few
roles (``:class:`Panel```). Markdown reads most of that as it is; this module does the rest.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

import griffe

KEY = re.compile(r"(?<![\[\w])\[([a-z]+\d{4}[a-z]?)\](?![\[(\w])")
CODE = re.compile(r"(^```.*?^```$|``.+?``|`[^`\n]+`)", re.S | re.M)
ROLE = re.compile(r":(?:class|func|meth|mod|attr|data):`~?([^`]+)`")
DOCTEST = re.compile(r"(?:^>>> .*\n?(?:^(?!>>> )\S.*\n?|^ .*\n?)*)+", re.M)
SECTION = re.compile(r"^(Args|Raises|Returns|Yields):\n((?:[ ]{4}.*\n?|\n(?=[ ]{4}))+)", re.M)
RETURNS = re.compile(r"^(Returns:\n {4}[^:\n]*):", re.M)
HEADINGS = {"Args": "Arguments", "Raises": "Errors", "Returns": "Returns", "Yields": "Yields"}
BREAK = re.compile(r"(?<=[.!?])\s+(?=[A-Z`])")


def markdown(text: str) -> str:
    """Return a docstring as Markdown; its sections (``Args:`` …) stay as they are."""
    text = ROLE.sub(r"`\1`", inspect.cleandoc(text))
    text = DOCTEST.sub(lambda found: f"```pycon\n{found[0].rstrip()}\n```\n", text)
    return outside_code(text, linked)


def page_body(text: str) -> str:
    """Return a docstring as Markdown without its first paragraph, its sections as lists."""
    return markdown(SECTION.sub(_as_list, "\n\n".join(paragraphs(text)[1:])))


def first_paragraph(text: str | None) -> str:
    """Return the first paragraph of a docstring in one line, as Markdown."""
    return markdown(" ".join(paragraphs(text or "")[0].split()))


def sentences_with(text: str | None, words: str) -> str:
    """Return the sentences of a docstring's prose in which the regular expression ``words`` occurs, as Markdown."""
    prose = " ".join(DOCTEST.sub("", inspect.cleandoc(text or "")).split())
    return markdown(" ".join(s for s in BREAK.split(prose) if re.search(words, s)))


def paragraphs(text: str) -> list[str]:
    """Return what blank lines part."""
    return re.split(r"\n\s*\n", inspect.cleandoc(text))


def linked(text: str) -> str:
    """Return prose with its reference keys as links to the page of references."""
    return KEY.sub(r"[\\[\1\\]][\1]", text)


def outside_code(text: str, change: Callable[[str], str]) -> str:
    """Return Markdown changed everywhere but in fences and between backticks."""
    return "".join(part if i % 2 else change(part) for i, part in enumerate(CODE.split(text)))


def _as_list(found: re.Match[str]) -> str:
    entries = re.split(r"\n(?=\S)", inspect.cleandoc(found[2]))
    items = (re.match(r"(\w[\w.]*): (.*)", " ".join(entry.split())) for entry in entries)
    lines = [f"- `{item[1]}`: {item[2]}" for item in items if item]
    return f"**{HEADINGS[found[1]]}**\n\n" + "\n".join(lines) + "\n"


class Docstrings(griffe.Extension):
    """Hand the docstrings of the API pages over as Markdown."""

    def on_object(self, *, obj: griffe.Object, loader: Any, **kwargs: Any) -> None:
        """Change the docstring of a module, class, function or attribute once it is loaded.

        In ``Returns:`` a colon is no end of a type: types are in the signature.
        """
        if obj.docstring is not None:
            obj.docstring.value = RETURNS.sub(r"\1&#58;", markdown(obj.docstring.value))
