"""Count the SQL statements that a block of code sends."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, event


@dataclass
class Queries:
    """The statements sent so far, oldest first."""

    statements: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many statements were sent."""
        return len(self.statements)


@contextmanager
def count_queries(engine: Engine) -> Iterator[Queries]:
    """Record every statement that `engine` sends while the block runs."""
    queries = Queries()

    def remember(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        queries.statements.append(statement)

    event.listen(engine, "before_cursor_execute", remember)
    try:
        yield queries
    finally:
        event.remove(engine, "before_cursor_execute", remember)
