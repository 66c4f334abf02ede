"""Evaluators and peers; imported by the command line only."""
