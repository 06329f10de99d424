"""The gallery: every operation has its section, and every link its end."""

from __future__ import annotations

import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pytest

import variate
from variate import plot
from variate.core.errors import ContractError, DataFileError, ParameterError
from variate.core.param import params
from variate.core.spec import registry
from variate.core.transform import PRESERVED
from variate.families.value import ValueTransform
from variate.plot.catalogue import SEED, grouped

OPS = sorted(variate.ops)


class Page(HTMLParser):
    """What a page holds: ids, links, pictures with their size, and the text of each section."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.sources, self.sizes, self.sections = [], [], [], {}, {}
        self.section = None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.ids += [attrs["id"]] if "id" in attrs else []
        self.links += [attrs["href"]] if "href" in attrs else []
        if "src" in attrs:
            self.sources.append(attrs["src"])
            self.sizes[attrs["src"]] = int(attrs["width"]), int(attrs["height"])
        if tag == "section":
            self.section = attrs["id"]
            self.sections[self.section] = ""

    def handle_endtag(self, tag):
        self.section = None if tag == "section" else self.section

    def handle_data(self, data):
        if self.section:
            self.sections[self.section] += data


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("made") / "new" / "gallery"
    command = [sys.executable, "-m", "variate", "gallery", "--out", str(out)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr
    assert f"{len(OPS)} operations" in run.stdout
    return out


@pytest.fixture(scope="module")
def page(folder):
    return Page((folder / "index.html").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def undrawn(tmp_path_factory):
    """The page alone: what it says does not wait for its pictures."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("variate.plot.page._drawn", lambda cls: bytes(24))
        index = plot.gallery(tmp_path_factory.mktemp("undrawn"))
    return Page(index.read_text(encoding="utf-8"))


@pytest.fixture
def few(monkeypatch):
    """A registry of two operations, since pictures take their time."""
    for name in set(registry) - {"flip", "jitter", "time_warp", "scaling"}:
        monkeypatch.delitem(registry, name)
    monkeypatch.setattr("variate.plot.page.rendered", lambda figure, dpi: b"\x89PNG" + bytes(20))


def test_every_operation_has_a_section_and_a_picture(folder, page):
    # Breaks if an operation of the registry is left out, or a picture is not the size the page reserves for it.
    assert sorted(page.sections) == OPS
    assert sorted(page.sources) == [f"{op}.png" for op in OPS]
    assert sorted(p.name for p in folder.iterdir()) == sorted([*page.sources, "index.html"])
    for name, size in page.sizes.items():
        content = (folder / name).read_bytes()
        assert content.startswith(b"\x89PNG\r\n\x1a\n")
        assert size == (int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big"))
        assert size[0] > 1000


def test_every_link_leads_somewhere_without_a_network(folder, page):
    # Breaks if a name in the contents has no section, or the page asks for anything outside its folder.
    for link in page.links:
        assert link.removeprefix("#") in page.ids if link.startswith("#") else (folder / link).is_file(), link
    assert {f"#{op}" for op in OPS} <= set(page.links)
    assert len(page.ids) == len(set(page.ids))
    text = (folder / "index.html").read_text(encoding="utf-8")
    assert not any(word in text for word in ("http:", "https:", "//", "@import", "url(", "<script", "$"))
    assert '<meta name="viewport"' in text


@pytest.mark.parametrize("cls", variate.ops.values(), ids=lambda c: c.__name__)
def test_a_section_says_everything_that_the_class_does(undrawn, cls):
    # Breaks if a fact of the class does not reach the page.
    text = " ".join(undrawn.sections[cls.op].split())
    said = plot.facts(cls)
    for words in (said.summary, said.labels, said.forecast, *said.keeps):
        assert " ".join(words.replace("`", "").split()) in text
    assert [PRESERVED[name] for name in cls.preserves] == list(said.keeps)
    for name, declared in params(cls).items():
        for words in (name, repr(declared.default), declared.range, declared.unit, declared.about.replace("`", "")):
            assert words in text
    assert f"{cls.__name__}(" in text
    assert "seed" in text


def test_groups_are_those_of_the_taxonomy():
    # Breaks if a folder is missing, twice, or before one that the survey has earlier.
    groups = grouped()
    assert sorted(cls.op for group in groups.values() for cls in group) == OPS
    known = [name for name in ("magnitude", "time", "label", "pipeline") if name in groups]
    assert [name for name in groups if name in known] == known
    assert all(cls.__module__.split(".")[-2] == name for name, group in groups.items() for cls in group)


def test_facts_tell_the_forecast_rule():
    # Breaks if a refusal loses its reason, or the scope's default is mistaken.
    assert plot.facts(variate.Permutation).forecast == "refused: it would move the future before the past"
    assert plot.facts(variate.Jitter).forecast.startswith("the past changes and the target stays")
    assert plot.facts(variate.Scaling).forecast == "past and target change, alike; with scope='past' the target stays"
    assert plot.facts(variate.Compose).forecast == "as its parts"
    with pytest.raises(ParameterError, match=r"facts\(Jitter\(\)\): it must be the class"):
        plot.facts(variate.Jitter())


def test_a_sample_has_defaults_and_a_pipeline_has_parts():
    # Breaks if the picture is not of what the page says.
    assert plot.sample(variate.Jitter) == variate.Jitter()
    assert len(plot.sample(variate.OneOf).parts) == 3
    assert plot.picture(variate.Jitter).get_suptitle() == "Jitter()"


@pytest.mark.parametrize("cls", variate.ops.values(), ids=lambda c: c.__name__)
def test_a_picture_shows_that_something_happens(cls):
    # Breaks if the gallery's seed is one at which an operation happens to leave all four series alone.
    try:
        made = [(panel, plot.sample(cls)(panel, seed=SEED)) for panel in plot.examples().values()]
    except ContractError:
        return  # the page has its sentence instead
    changed = any(not np.array_equal(old.values, new.values) or not np.array_equal(old.points, new.points) for old, new in made)
    assert changed == (cls is not variate.Identity)


@pytest.mark.usefixtures("few")
def test_an_operation_that_refuses_is_said_to(tmp_path, monkeypatch):
    # Breaks if one operation that needs more than the examples takes the whole page down.
    class Fussy(ValueTransform):
        """Want <more> than ``examples``."""

        def change(self, x, rng):
            raise ContractError("Fussy needs <data> & time")

    Fussy.__module__ = variate.Jitter.__module__
    monkeypatch.setitem(registry, "fussy", Fussy)
    text = plot.gallery(tmp_path / "g").read_text(encoding="utf-8")
    assert "No picture: Fussy needs &lt;data&gt; &amp; time" in text
    assert "Want &lt;more&gt; than <code>examples</code>." in text
    assert not (tmp_path / "g" / "fussy.png").exists()


@pytest.mark.usefixtures("few")
def test_only_a_gallery_is_replaced(tmp_path):
    # Breaks if a folder full of something else is written into without --force, or a gallery cannot be made anew.
    (tmp_path / "notes.txt").write_text("precious")
    with pytest.raises(DataFileError, match="is not empty and no gallery"):
        plot.gallery(tmp_path)
    (tmp_path / "index.html").write_text("<p>my own page</p>")
    with pytest.raises(DataFileError, match="is not empty and no gallery"):
        plot.gallery(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["index.html", "notes.txt"]
    plot.gallery(tmp_path, force=True)
    assert (tmp_path / "notes.txt").read_text() == "precious"
    page = plot.gallery(tmp_path)
    assert page == tmp_path / "index.html"
    assert "Flip" in page.read_text(encoding="utf-8")
    with pytest.raises(DataFileError, match="is a file; name a folder"):
        plot.gallery(tmp_path / "notes.txt")


@pytest.mark.usefixtures("few")
def test_a_stop_leaves_what_was_there(tmp_path):
    # Breaks if pictures are written while others are still drawn.
    drawn = []

    def stop():
        drawn.append(1)
        if len(drawn) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        plot.gallery(tmp_path / "g", on_picture=stop)
    assert not (tmp_path / "g").exists()
    plot.gallery(tmp_path / "g", on_picture=lambda: drawn.append(1))
    assert len(drawn) == 2 + 4
