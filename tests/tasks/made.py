"""Rows of results as a run writes them, with scores that a test chooses."""

from __future__ import annotations

NAMES = {"recipe": "r", "profile": "cpu", "task": "classification", "data": "watch", "model": "fcn", "metric": "accuracy"}
MADE = {"test": "", "parameters": {"width": 8}, "training": {"steps": 5}, "device": "cpu", "seconds": 2.0}


def row(arm, seed, value, **more):
    held = {**NAMES, **MADE, "arm": arm, "against": "none", "seed": seed, "value": value, "versions": {"numpy": "2"}, **more}
    return {**held, "cell": "-".join(str(held[name]) for name in ("data", "model", "arm", "seed"))}


def arms(scores, **more):
    """Rows of arms, a score for each seed."""
    return [row(arm, seed, value, **more) for arm, values in scores.items() for seed, value in enumerate(values)]
