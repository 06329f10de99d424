"""The class of all figures. This module imports matplotlib, so only :func:`variate.plot.style.needs_matplotlib` imports it."""

from __future__ import annotations

import io

from matplotlib.figure import Figure


class Picture(Figure):
    """A figure that a notebook shows at the end of a cell.

    IPython draws the figures of matplotlib only once ``pyplot`` was imported; this one draws itself.
    """

    def _repr_png_(self) -> bytes:
        stream = io.BytesIO()
        self.savefig(stream, format="png")
        return stream.getvalue()
