"""Mixing: make one series out of several known ones, and its label with it.

Fit them to the series that partners may come from: ``Mixup().fit(panel)``.
"""
