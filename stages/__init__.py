"""One module per stage: Params, pure functions, run."""
