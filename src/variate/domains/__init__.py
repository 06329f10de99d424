"""Domains: invertible views of a series, whose parts a transform can enter by ``variate.In``.

A file is a domain. Each gives parts as series ``(n, channels, time)`` of their own, and the way back.
"""
