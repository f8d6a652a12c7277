"""PostgreSQL: the engine, the unit of work, locks, and constraint names."""

import os
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

from sqlalchemy import (
    Engine,
    Insert,
    MetaData,
    Table,
    Update,
    bindparam,
    cast,
    column,
    create_engine,
    event,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP
from sqlalchemy.exc import IntegrityError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.sql.selectable import TableValuedAlias

from tracker.kit.arrays import write_lists_at_once
from tracker.kit.failpoints import reach

APPLICATION_ROLE = "tracker_app"
"""Every connection of the product takes this role, whoever it logs in as."""

_ENGINES: "weakref.WeakSet[Engine]" = weakref.WeakSet()


class Base(DeclarativeBase):
    """All tables; the naming convention makes a constraint's name something code can rely on."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


AWAY = (OperationalError, InterfaceError, InternalError, PoolTimeout)
"""The database is away, takes no writes after a failover (an InternalError), has no connection to
spare, or chose us to give way in a deadlock: the work itself is not to blame."""

Instant = TIMESTAMP(timezone=True)
"""The type of every moment in the database: an instant, kept in UTC."""


def one_of(column: str, values: Iterable[str]) -> str:
    """The text of a CHECK that holds a column to a closed list of words."""
    listed = ", ".join(f"'{value}'" for value in sorted(values))
    return f"{column} IN ({listed})"


def make_engine(
    url: str,
    *,
    pool_size: int = 5,
    role: str | None = APPLICATION_ROLE,
    patience: int | None = None,
) -> Engine:
    """An engine whose connections act as ``role`` (None: as whoever logs in, for the owner).

    ``patience``: seconds after which a statement is given up, and a server that is not heard of
    any more is taken for gone. None: as long as it takes.
    """
    # A process that stands still in a transaction holds locks: it loses them before its lease ends.
    options = "-c timezone=UTC -c idle_in_transaction_session_timeout=20000"
    if role:
        options += f" -c role={role}"
    arguments: dict[str, Any] = {"connect_timeout": 5}
    if patience:
        options += f" -c statement_timeout={patience * 1000}"
        # The first when something was sent and never acknowledged, the others when only waiting.
        arguments |= {"tcp_user_timeout": patience * 1000, "keepalives_idle": patience}
        arguments |= {"keepalives_interval": 1, "keepalives_count": 3}
    engine = create_engine(
        url.replace("postgres://", "postgresql://", 1),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        pool_timeout=10,
        # Errors are logged, and what a statement was given is people's data and secrets.
        hide_parameters=True,
        connect_args={"options": options, **arguments},
    )
    event.listen(engine, "connect", lambda connection, _: write_lists_at_once(connection))
    _ENGINES.add(engine)
    return engine


def _forget_connections_of_the_parent() -> None:
    for engine in _ENGINES:
        engine.dispose(close=False)


# A forked work horse must not speak on its parent's connections.
os.register_at_fork(after_in_child=_forget_connections_of_the_parent)


@contextmanager
def unit_of_work(
    engine: Engine, step: str | None = None, *, one_moment: bool = False
) -> Iterator[Session]:
    """One request, job or chunk: committed as a whole at the end, or not at all.

    ``step`` names it for crash sweeps: there is a place before its COMMIT and one after it.
    ``one_moment``: all its reads see the same moment; what others changed meanwhile it cannot
    change, and is then to be done anew.
    """
    bind = engine.execution_options(isolation_level="REPEATABLE READ") if one_moment else engine
    with Session(bind, expire_on_commit=False) as session, session.begin():
        yield session
        if step:
            reach(f"{step}:before_commit")
    if step:
        reach(f"{step}:after_commit")


@contextmanager
def snapshot(engine: Engine) -> Iterator[Session]:
    """Reads that all see the same moment, however long they take. Writes are refused."""
    options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with (
        engine.connect().execution_options(**options) as connection,
        Session(connection) as session,
    ):
        yield session


def try_lock(session: Session, name: str) -> bool:
    """Take a named lock until the transaction ends; False when somebody else holds it.

    Transaction-level, because session-level advisory locks break behind a connection pooler.
    """
    query = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 0))")
    return bool(session.scalar(query, {"name": name}))


def constraint_name(error: IntegrityError) -> str | None:
    """The name of the violated constraint: services turn it into their room's error."""
    diagnostics = getattr(error.orig, "diag", None)
    return getattr(diagnostics, "constraint_name", None)


def bulk_insert(session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert many rows by one statement whose text does not depend on how many there are.

    All rows name the same columns. Nothing is done for an empty list.
    """
    if rows:
        names = tuple(rows[0])
        session.execute(_insert_statement(table_of(model), names), _columns(names, rows))


def bulk_update(session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Update many rows by their primary key, which each row names along with the new values."""
    if rows:
        names = tuple(rows[0])
        session.execute(_update_statement(table_of(model), names), _columns(names, rows))


def table_of(model: type[Base]) -> Table:
    """The table that a model is mapped to."""
    table = model.__table__
    if not isinstance(table, Table):
        raise TypeError(f"{model.__name__} is not mapped to a table")
    return table


def _columns(names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    return {f"given_{name}": [row[name] for row in rows] for name in names}


def _given(table: Table, names: Sequence[str]) -> TableValuedAlias:
    """Arrays, one for each column, as rows: ``unnest(:a, :b) AS given (a, b)``."""
    types = {name: table.c[name].type for name in names}
    arrays = [
        cast(bindparam(f"given_{name}", type_=ARRAY(kind)), ARRAY(kind))
        for name, kind in types.items()
    ]
    columns = [column(name, kind) for name, kind in types.items()]
    return func.unnest(*arrays).table_valued(*columns, name="given").render_derived()


@cache
def _insert_statement(table: Table, names: tuple[str, ...]) -> Insert:
    return insert(table).from_select(list(names), select(*_given(table, names).c))


@cache
def _update_statement(table: Table, names: tuple[str, ...]) -> Update:
    given = _given(table, names)
    keys = [key.name for key in table.primary_key]
    return (
        update(table)
        .where(*(table.c[key] == given.c[key] for key in keys))
        .values({name: given.c[name] for name in names if name not in keys})
    )
