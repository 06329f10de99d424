"""What the contract runs over: registry × examples × backend, and a few pipelines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

import variate
from variate.core import engine
from variate.core.panel import Panel
from variate.core.transform import Transform

PIPELINES = (
    variate.Compose(variate.Jitter(), variate.Scaling(), variate.MagnitudeWarp(), variate.Dropout()),
    variate.Compose(variate.TimeWarp(), variate.Crop(), variate.Flip(), p=0.5),
    variate.Compose(variate.Crop(size=0.7, resize=False), variate.TimeWarp(sigma=0.3), variate.Spike(mark=True)),
    variate.OneOf(variate.Flip(), variate.TimeWarp(), variate.Spike(mark=True), variate.Identity(), weights=(1, 2, 1, 1)),
    variate.OneOf(variate.Crop(size=0.5, resize=False), variate.Crop(size=0.5, resize=False, p=1.0)),
    variate.SomeOf(variate.Jitter(), variate.Crop(), variate.Permutation(), variate.Flip(channels="each"), count=2),
    variate.um2017(),
    variate.rashid2019(),
    variate.survey_classification(),
    variate.Compose(variate.WindowWarp(window=0.3), variate.Resample(factor=0.5, mode="mean"), variate.TimeWarp()),
    variate.Compose(variate.WindowWarp(fitting="crop"), variate.Resample(factor=0.7), variate.Step(mark=True)),
    variate.survey_forecasting(),
    variate.wavelet_app(),
    variate.In("modwt", details={1: variate.Flip()}, smooth=variate.Scaling(), wavelet="haar"),
    variate.In("stft", magnitude=variate.TimeMask(scope="all")),
    variate.In("dwt", details=variate.Jitter(sigma=0.5, scope="all"), wavelet="sym4"),
    variate.In("cwt", magnitude=variate.Scaling(sigma=0.3), spacing=0.5),
    variate.In("spectrum", amplitude=variate.Scaling(sigma=0.3), phase=variate.Jitter(sigma=0.2, relative=False, scope="all")),
    variate.Compose(variate.Jitter(), variate.FrequencyMix(ratio=0.4), variate.Flip(), variate.WaveMix(across=True)),
    variate.OneOf(variate.FrequencyMix(across=True), variate.TimeWarp(), variate.WaveMix(scope="past")),
    variate.In("stl", remainder=variate.MovingBlockBootstrap(), trend=variate.Scaling(), period=8),
    variate.In("mstl", seasonal={2: variate.Flip()}, remainder=variate.Jitter(sigma=0.5, scope="all"), period=4, longer=9),
    variate.bld_mbb(period=6),
    variate.Compose(variate.OneOf(variate.Jitter(), variate.Compose(variate.TimeWarp(), variate.Crop())), variate.Scaling()),
)


@dataclass(frozen=True)
class Case:
    """A transform on a backend."""

    transform: Transform
    backend: str

    def __str__(self) -> str:
        return f"{self.transform!r}-{self.backend}"

    def __call__(self, x: Any, y: Any = None, like: Any = None, **kwargs: Any) -> Any:
        """Run on the backend, fitted as for x, or for other series ``like``; NumPy arrays and panels of them in and out."""
        transform = self.fitted(x if like is None else like)
        if self.backend == "numpy":
            return transform(x, y, **kwargs)
        device = "cuda" if self.backend == "cuda" else "cpu"
        with engine.torch_bodies():
            return _back(transform(_there(x, device), y, **kwargs))

    def tensors(self, x: Any, **kwargs: Any) -> Any:
        """Run on tensors of the backend, fitted, and give tensors back."""
        device = "cuda" if self.backend == "cuda" else "cpu"
        transform = self.fitted(x.detach().cpu())
        if self.backend == "numpy":
            return transform(x.to(device), **kwargs)
        with engine.torch_bodies():
            return transform(x.to(device), **kwargs)

    def fitted(self, x: Any) -> Transform:
        """Return the transform fitted to known series like those of x, whichever these are."""
        return self.transform.fit(known(x)) if "mix" in families(self.transform) else self.transform


def families(transform: Transform) -> set[str]:
    """Return the families of the operations that a transform is made of."""
    parts = getattr(transform, "parts", None)
    return {transform.family} if parts is None else {family for part in parts for family in families(part)}


def known(x: Any) -> Panel:
    """Return 24 series of each length there is in x, with the fields that x has: other series than any rule looks at."""
    panel = x if isinstance(x, Panel) else Panel(x if len(x) else series())
    each = [full_panel(24, length, panel.horizon, np.float64) for length in sorted(_lengths(panel))]
    fields = {k: [row for part in each for row in getattr(part, k)] for k in ("values", "points", "mask")}
    values = [1.5 * row[np.arange(panel.channels) % 3, ::-1] + 0.25 for row in fields["values"]] or [
        np.zeros((panel.channels, 1))
    ]
    return Panel(
        values,
        label=np.arange(len(values)) % 3,
        points=None if panel.points is None else fields["points"],
        mask=None if panel.mask is None else fields["mask"],
    )


def _lengths(panel: Panel) -> set[int]:
    return {int(v.shape[-1]) for v in panel.values} if panel.ragged else {panel.length}


def backends() -> list[str]:
    return ["numpy", "torch", *(["cuda"] if torch.cuda.is_available() else [])]


def transforms() -> list[Transform]:
    single = [cls(**example) for cls in variate.ops.values() for example in cls.examples]
    return [*single, *PIPELINES]


def cases() -> list[Case]:
    return [Case(transform, backend) for transform in transforms() for backend in backends()]


def series(n: int = 6, channels: int = 3, length: int = 64, dtype: Any = np.float32) -> Any:
    """Series that differ by row and channel: a wave, noise and an offset each."""
    rng = np.random.default_rng(7)
    t = np.arange(length)
    waves = np.sin(t / rng.uniform(2, 9, (n, channels, 1)) + rng.uniform(0, 6, (n, channels, 1)))
    return (waves + 0.3 * rng.normal(size=(n, channels, length)) + rng.normal(size=(n, channels, 1))).astype(dtype)


def full_panel(n: int = 6, length: int = 64, horizon: int = 0, dtype: Any = np.float32) -> Panel:
    """A panel with every field."""
    rng = np.random.default_rng(8)
    return Panel(
        series(n, 3, length, dtype),
        label=rng.integers(0, 3, n),
        points=rng.random((n, length)) < 0.1,
        mask=rng.random((n, length)) < 0.9,
        covariates=rng.normal(size=(n, 2, length)).astype(dtype),
        weight=rng.random(n),
        ids=np.arange(100, 100 + n),
        horizon=horizon,
        extra={"name": np.array([f"s{i}" for i in range(n)])},
    )


def _there(x: Any, device: str) -> Any:
    if isinstance(x, Panel):
        fields = {k: torch.as_tensor(v.copy()).to(device) for k, v in x.present() if k != "ids"}
        return x.replace(**fields)
    if isinstance(x, (list, tuple)):
        return type(x)(_there(v, device) for v in x)
    return torch.as_tensor(np.array(x)).to(device)


def _back(x: Any) -> Any:
    if isinstance(x, Panel):
        return x.replace(**{k: v.cpu().numpy() for k, v in x.present() if isinstance(v, torch.Tensor)})
    if isinstance(x, (list, tuple)):
        return type(x)(_back(v) for v in x)
    return x.cpu().numpy() if isinstance(x, torch.Tensor) else x
