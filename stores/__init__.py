"""Flat arrays on disk: checks, ragged zarr groups, parts. Knows nothing of vision."""
