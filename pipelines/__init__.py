"""Running it: command line, parameters, Dask, energy; nothing about vision."""
