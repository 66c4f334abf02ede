"""Pixel models, the controls of the graph models, one file per model."""

BASELINES = {
    "lenet": "perceptgraph.stages.baselines.lenet:LeNet",
    "pixel_kernel": "perceptgraph.stages.baselines.pixel_kernel:PixelKernel",
    "resnet": "perceptgraph.stages.baselines.resnet:ResNet",
    "v1_cnn": "perceptgraph.stages.baselines.v1_cnn:V1CNN",
    "soft_primitives": "perceptgraph.stages.baselines.soft_primitives:SoftPrimitives",
}
"""Model to "module:class"; the table imports none."""
