"""Levels of an image between its pixels."""

from perceptgraph.stores.compiled import njit


@njit(cache=True, nogil=True)
def level_at(image, row, column):  # type: ignore[no-untyped-def]
    """Level at a place, linear in between, the border continued."""
    height, width = image.shape
    row, column = min(max(row, 0.0), height - 1.0), min(max(column, 0.0), width - 1.0)
    top, left = min(int(row), height - 2), min(int(column), width - 2)
    down, right = row - top, column - left
    upper = image[top, left] * (1 - right) + image[top, left + 1] * right
    lower = image[top + 1, left] * (1 - right) + image[top + 1, left + 1] * right
    return upper * (1 - down) + lower * down
