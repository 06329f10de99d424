"""Decomposition: take a series apart into trend, season and remainder, change the parts, and put them together again.

``In("stl", ...)`` and ``In("robust_stl", ...)`` send any transform into a part; these operations do more than one would.
"""
