"""What PostgreSQL itself says of a schema, as text that can be compared.

Partitions are left out: which there are depends on the day, and each is made like its parent.
"""

import psycopg

_OBJECTS = """
    WITH pg_class AS (SELECT * FROM pg_catalog.pg_class WHERE NOT relispartition),
    tables AS (SELECT * FROM pg_class WHERE relkind IN ('r', 'p'))
    SELECT 'column ' || attrelid::regclass || '.' || attname,
           concat_ws(' ', format_type(atttypid, atttypmod), nullif(attidentity, ''),
                     CASE WHEN attnotnull THEN 'not null' END,
                     'collate ' || collname, 'default ' || pg_get_expr(adbin, adrelid))
    FROM pg_attribute
    JOIN tables ON tables.oid = attrelid
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    LEFT JOIN pg_collation ON pg_collation.oid = attcollation AND collname <> 'default'
    WHERE relnamespace = 'public'::regnamespace AND attnum > 0 AND NOT attisdropped
      AND relname <> 'alembic_version'
    UNION ALL
    SELECT 'constraint ' || conrelid::regclass || ' ' || conname,
           pg_get_constraintdef(pg_constraint.oid)
    FROM pg_constraint JOIN tables ON tables.oid = conrelid
    WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'f', 'p', 'u')
      AND conrelid::regclass::text <> 'alembic_version'
    UNION ALL
    SELECT 'index ' || indexname, indexdef
    FROM pg_indexes JOIN tables ON relnamespace::regnamespace::text = schemaname
         AND relname = tablename
    WHERE schemaname = 'public' AND tablename <> 'alembic_version'
    UNION ALL
    SELECT 'table ' || relname,
           concat_ws(' ', array_to_string(reloptions, ' '), pg_get_partkeydef(oid))
    FROM tables
    WHERE relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
    UNION ALL
    SELECT 'sequence ' || relname, '' FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'S'
"""

_BESIDE = """
    SELECT 'function ' || oid::regprocedure, pg_get_functiondef(oid) FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace
    UNION ALL
    SELECT 'trigger ' || tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL
    SELECT 'rights on ' || relname, array_to_string(relacl, ' ') FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relacl IS NOT NULL
      AND relname NOT LIKE 'alembic%'
    UNION ALL
    SELECT 'rights on ' || attrelid::regclass || '.' || attname, array_to_string(attacl, ' ')
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
    WHERE relnamespace = 'public'::regnamespace AND attacl IS NOT NULL
"""


def objects(url: str) -> dict[str, str]:
    """Tables, columns, constraints, indexes and sequences, with what defines each."""
    return _read(url, _OBJECTS)


def everything(url: str) -> dict[str, str]:
    """The same, and functions, triggers and rights."""
    return _read(url, _OBJECTS) | _read(url, _BESIDE)


def _read(url: str, query: str) -> dict[str, str]:
    with psycopg.connect(url) as connection:
        return dict(connection.execute(query.encode()).fetchall())
