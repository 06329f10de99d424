"""What the networks ask of their arguments."""

from __future__ import annotations

from variate.core.errors import ParameterError


def check_sizes(owner: str, **sizes: int) -> None:
    """Raise ParameterError unless every size is an integer of at least 1; ``owner`` is the class whose sizes they are.

    >>> check_sizes("FCN", channels=3, width=128)
    """
    for name, size in sizes.items():
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            raise ParameterError(f"{owner}({name}={size!r}): {name} must be an integer of at least 1")
