"""The page of references, from ``docs/references.bib``.

The file uses a small part of BibTeX: one field a line, values in braces, accents as ``{\\'c}``. That part is read here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path

BIB = Path(__file__).parent / "references.bib"
ENTRY = re.compile(r"@\w+\{(\w+),\n(.*?)\n\}", re.S)
FIELD = re.compile(r"^\s*(\w+)\s*=\s*[{\"](.*?)[}\"],?\s*$", re.M)
MARKS = {"'": "\u0301", "`": "\u0300", '"': "\u0308", "^": "\u0302", "~": "\u0303", "v": "\u030c", "c": "\u0327", "=": "\u0304"}
ACCENT = re.compile(r"\{?\\(['`\"^~=]|[vc](?=[ {]))\s*\{?\\?(\w)\}?\}?")
LETTERS = {r"\o": "ø", r"\O": "Ø", r"\ss": "ß", r"\l": "ł", r"\L": "Ł", r"\ae": "æ", r"\aa": "å"}


def entries(text: str) -> dict[str, dict[str, str]]:
    r"""Return the entries of a bibliography by key, their fields as plain text.

    >>> entries("@article{kulic2017,\n  author = {Kuli{\\'c}, Dana},\n  year = {2017},\n}")
    {'kulic2017': {'author': 'Kulić, Dana', 'year': '2017'}}
    """
    found = {key: dict(FIELD.findall(body)) for key, body in ENTRY.findall(text)}
    if len(found) != text.count("\n@") + text.startswith("@"):
        raise ValueError(f"references.bib: read {len(found)} entries of {text.count('@')}; give each field a line of its own")
    return {key: {name: plain(value) for name, value in fields.items()} for key, fields in found.items()}


def plain(text: str) -> str:
    """Return a BibTeX value without braces and commands."""
    text = ACCENT.sub(lambda m: unicodedata.normalize("NFC", m[2] + MARKS[m[1]]), text)
    for command, letter in LETTERS.items():
        text = re.sub(rf"\{{?{re.escape(command)}(?![a-zA-Z])\s?\}}?", letter, text)
    return text.replace("{", "").replace("}", "").replace(r"\&", "&").replace("--", "–")


def page(cited_by: Mapping[str, list[str]]) -> str:
    """Return the page: a heading for each key, which the pages that cite it link to."""
    lines = ["# References", "", "What the operations are taken from. The keys are those that their descriptions use.", ""]
    for key, fields in sorted(entries(BIB.read_text(encoding="utf-8")).items()):
        lines += [f"## {key} {{ #{key} }}", "", _sentence(fields), ""]
        if cited_by.get(key):
            lines += [f"Used by: {', '.join(cited_by[key])}.", ""]
    return "\n".join(lines)


def _sentence(fields: Mapping[str, str]) -> str:
    authors = [" ".join(reversed(name.split(", ", 1))) for name in fields["author"].split(" and ")]
    where = fields.get("journal") or fields.get("booktitle") or fields.get("publisher") or fields.get("school")
    parts = [
        ", ".join(authors),
        f"*{fields['title']}*",
        ", ".join(filter(None, (where, fields["year"]))),
    ]
    if "eprint" in fields:
        parts.append(f"[arXiv:{fields['eprint']}](https://arxiv.org/abs/{fields['eprint']})")
    if "doi" in fields:
        parts.append(f"[doi:{fields['doi']}](https://doi.org/{fields['doi']})")
    return ". ".join(parts) + "."
