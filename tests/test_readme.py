"""The README's Python runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

README = Path(__file__).parents[1] / "README.md"


def test_every_python_block_runs(tmp_path, monkeypatch):
    """A snippet that does not run is the first thing a newcomer finds."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    given = {
        "dataset": [(rng.normal(size=(3, 200)).astype("float32"), i % 2) for i in range(64)],
        "anomalies": rng.random((32, 200)) < 0.01,
        "observed": rng.random((32, 200)) < 0.9,
        "calendar": rng.normal(size=(32, 2, 200)),
    }
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.S)
    assert len(blocks) >= 3
    for block in blocks:
        exec(compile(block, "README.md", "exec"), given)
    batches = list(given["loader"])
    assert [tuple(x.shape) for x, _ in batches] == [(32, 3, 200)] * 2
    assert given["big"].n == 320
    assert (tmp_path / "policy.yaml").exists()
    assert given["panel"].points.sum() > given["anomalies"].sum()
