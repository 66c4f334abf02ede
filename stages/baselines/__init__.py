"""Pixel models, the controls of the graph models."""
