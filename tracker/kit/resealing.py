"""A change of the key: what is sealed under a former one is sealed anew, a chunk at a time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Table, func, select, text, update
from sqlalchemy.orm import Session

from tracker.kit.crypto import Keyring
from tracker.kit.database import Base, table_of
from tracker.kit.errors import TrackerError


class KeyNotKnown(TrackerError):
    """What this database holds was sealed under a key that this process was not given."""

    code = "key_not_known"


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column that is sealed, and perhaps one beside it with the keyed hash of the same text.

    ``purpose`` tells from a row what its text was sealed for.
    """

    model: type[Base]
    name: str
    purpose: Callable[[Row[Any]], str]
    hash_name: str | None = None
    hash_purpose: str = ""

    @property
    def table(self) -> Table:
        """The table it stands in; its key is ``id``."""
        return table_of(self.model)

    def __str__(self) -> str:
        return f"{self.table.name}.{self.name}"


@dataclass(frozen=True, slots=True)
class HashedColumn:
    """A keyed hash of what is kept nowhere: it cannot be made anew under another key, so it goes
    with the key under which it was made.

    ``mark`` is the column that tells which that was, ``matters`` which rows are still needed.
    """

    model: type[Base]
    name: str
    mark: str
    matters: str

    def __str__(self) -> str:
        return f"{table_of(self.model).name}.{self.name}"


def count_bound(session: Session, keys: Keyring, column: HashedColumn) -> int:
    """How many rows are of use only as long as a key that is not the present one is kept."""
    table = table_of(column.model)
    query = select(func.count()).select_from(table)
    bound = table.c[column.mark].is_distinct_from(keys.mark)
    return session.scalar(query.where(bound, text(column.matters))) or 0


def count_former(session: Session, keys: Keyring, column: SealedColumn) -> int:
    """How many rows are sealed under a key that is not the present one."""
    return session.scalar(select(func.count()).where(_is_former(keys, column))) or 0


def see_that_the_key_fits(session: Session, keys: Keyring, columns: Sequence[SealedColumn]) -> None:
    """Raises KeyNotKnown when the newest row of some column was sealed under a key that we lack."""
    for column in columns:
        sealed = column.table.c[column.name]
        newest = session.scalar(
            select(sealed).where(sealed.is_not(None)).order_by(column.table.c.id.desc()).limit(1)
        )
        if newest is not None and not keys.has(newest):
            raise KeyNotKnown(
                f"{column} was written under another TRACKER_SECRET_KEY: give that one, or name it"
                " in TRACKER_FORMER_KEYS"
            )


def reseal(
    session: Session, keys: Keyring, column: SealedColumn, *, after: int, limit: int
) -> tuple[int, int] | None:
    """Seal a chunk of rows anew, those behind an id; the last id and how many, None at the end.

    Raises CannotDecrypt for what was sealed under a key that is on the ring no more.
    """
    table = column.table
    rows = session.execute(
        select(table)
        .where(table.c.id > after, _is_former(keys, column))
        .order_by(table.c.id)
        .limit(limit)
        .with_for_update()
    ).all()
    for row in rows:
        purpose = column.purpose(row)
        plain = keys.open(purpose, row._mapping[column.name])
        values: dict[str, Any] = {column.name: keys.seal(purpose, plain)}
        if column.hash_name:
            values[column.hash_name] = keys.hash(column.hash_purpose, plain.decode())
        session.execute(update(table).where(table.c.id == row.id).values(values))
    return (rows[-1].id, len(rows)) if rows else None


def _is_former(keys: Keyring, column: SealedColumn) -> Any:
    sealed = column.table.c[column.name]
    return func.substring(sealed, 1, len(keys.mark)) != keys.mark
