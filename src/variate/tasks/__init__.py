"""Whole jobs on real data: load, train with and without augmentation, compare, report."""
