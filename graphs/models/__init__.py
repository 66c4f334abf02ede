"""Classifiers of relation graphs, one file per model."""
