"""Pixel models, the controls of the graph models, one file per model."""

BASELINES = {"lenet": "perceptgraph.stages.baselines.lenet:LeNet"}
"""Model to "module:class"; the table imports none."""
