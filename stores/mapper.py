"""How a stage gets parallelism: as an argument, a Mapper. Dask is one; `serial` is another."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class TaskFailure:
    """What a Mapper returns for a task whose process died; an exception is raised instead."""

    reason: str


class Mapper(Protocol):
    """Apply a function to each item, in any order and place; results come in the items' order."""

    def __call__(
        self, function: Callable[[Item], Result], items: Sequence[Item]
    ) -> list[Result | TaskFailure]:
        """Results in the order of `items`."""
        ...


def serial(function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result | TaskFailure]:
    """A Mapper that runs here and now, one item after the other."""
    return [function(item) for item in items]
