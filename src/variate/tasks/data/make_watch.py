"""Make watch.npz from the long table of the seglearn watch data.

Run ``python make_watch.py watch_shoulder_50hz.parquet [watch.npz]``. The table has the columns segment_id, t, ax, ay,
az, wx, wy, wz, label, subject, side, one row a reading at 50 Hz. Needs pandas and pyarrow; the package itself does not.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

CHANNELS = ("ax", "ay", "az", "wx", "wy", "wz")
RATE = 25
WINDOW = 100


def windows(readings: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return (n, channels, WINDOW) from (time, channels) at 50 Hz: pairs averaged, then cut without overlap."""
    pairs = len(readings) // 2
    halved = readings[: 2 * pairs].reshape(pairs, 2, -1).mean(axis=1)
    n = pairs // WINDOW
    return np.asarray(halved[: n * WINDOW].reshape(n, WINDOW, -1).transpose(0, 2, 1))


def reduced(table: Any) -> dict[str, np.ndarray[Any, Any]]:
    """Return the arrays of watch.npz."""
    names = sorted(table["label"].unique())
    parts, rows = [], []
    for segment, part in table.sort_values(["segment_id", "t"]).groupby("segment_id"):
        cut = windows(part[list(CHANNELS)].to_numpy(np.float64))
        first = part.iloc[0]
        parts.append(cut)
        rows += [(names.index(first["label"]), first["subject"], first["side"], segment, k) for k in range(len(cut))]
    values = np.concatenate(parts)
    scale = np.abs(values).max(axis=(0, 2)) / np.iinfo(np.int16).max
    label, subject, side, segment, place = np.array(rows, np.int16).T
    return {
        "values": np.round(values / scale[:, None]).astype(np.int16),
        "scale": scale.astype(np.float32),
        "label": label,
        "names": np.array(names),
        "subject": subject,
        "side": side,
        "segment": segment,
        "window": place,
        "rate": np.array(RATE),
    }


def main(source: str, target: str = "watch.npz") -> None:
    """Read the table and write the file."""
    import pandas

    arrays = reduced(pandas.read_parquet(source))
    np.savez_compressed(target, **arrays)  # type: ignore[arg-type]
    print(f"{target}: {len(arrays['label'])} windows, {Path(target).stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main(*sys.argv[1:])
