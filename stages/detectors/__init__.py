"""Pure image operators: array in, primitives out."""
