"""How all pictures look: colours, axes, figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from variate.core.errors import VariateError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BEFORE = "#8c8c8c"
AFTER = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00")
MARK = "#CC79A7"
CLASSES = ("#56B4E9", "#E69F00", "#CC79A7", "#009E73", "#F0E442", "#8c8c8c")
MIXED = "#7a5195"
INK, SOFT, FAINT = "#333333", "#555555", "#d9d9d9"


def needs_matplotlib() -> type[Figure]:
    """Return the class of figures, or say how to get it.

    ``pyplot`` is left out: it keeps a global list of figures and picks a window system.
    """
    try:
        from variate.plot.figure import Picture
    except ImportError:
        raise VariateError("pictures need matplotlib, which is not installed; pip install 'variate[all]'") from None
    return Picture


def figure(width: float, height: float) -> Figure:
    """Return an empty white figure of so many inches."""
    return needs_matplotlib()(figsize=(width, height), layout="constrained", facecolor="white")


def plain(axes: Axes) -> None:
    """Take away from axes what carries nothing: frame and ticks; a faint grid stays."""
    axes.grid(color="#ececec", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(FAINT)
    axes.tick_params(which="both", labelsize=8, colors=SOFT, length=0)


def label(axes: Axes, x: str = "", y: str = "") -> None:
    """Name the axes."""
    axes.set_xlabel(x, fontsize=9, color=INK)
    axes.set_ylabel(y, fontsize=9, color=INK)


def title(axes: Axes, text: str) -> None:
    """Name what the axes show, above them on the left."""
    axes.set_title(text, fontsize=10, color=INK, loc="left")
