"""Primitives, relations, relation graphs, and the models that read them."""
