from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from variate.core.errors import DataFileError
from variate.io import read


@pytest.fixture
def put(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a text file and gives its path."""

    def write_text(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_bytes(text.encode())
        return path

    return write_text


@pytest.fixture
def refusal() -> Callable[[Path], str]:
    """Return a function that gives the sentence with which a file is refused."""

    def sentence(path: Path) -> str:
        with pytest.raises(DataFileError) as caught:
            read(path)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    return sentence
