"""Transforms made of Transforms."""
