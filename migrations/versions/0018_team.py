"""The team: tokens with scopes, sign-in with two proofs; the audit's chain of hashes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_INSTANT = sa.TIMESTAMP(timezone=True)


def upgrade() -> None:
    _make_tokens()
    _make_sessions()
    _make_credentials()
    _make_the_chain()
    for statement in (*_FUNCTIONS, *_TRIGGERS, *_GRANTS):
        op.execute(statement)
    op.execute(_CHAIN_WHAT_THERE_IS)


def downgrade() -> None:
    op.execute("DROP TRIGGER audit_entries_chained ON audit_entries")
    for table in ("audit_heads", "audit_waiting", "audit_chain"):
        op.drop_table(table)
    for signature in (
        "audit_chain_entry()",
        "audit_append(bigint)",
        "audit_hash(bytea, bigint, audit_entries)",
        "audit_netstring(text)",
    ):
        op.execute(f"DROP FUNCTION {signature}")
    op.add_column("staff", sa.Column("token_hash", sa.LargeBinary()))
    # One of each person's tokens; who has none gets what nobody has.
    op.execute("""
        UPDATE staff SET token_hash = coalesce(
            (SELECT token_hash FROM staff_tokens WHERE staff_id = staff.id
             ORDER BY revoked_at IS NULL DESC, id LIMIT 1),
            sha256(convert_to(gen_random_uuid()::text, 'UTF8')))
    """)
    op.alter_column("staff", "token_hash", nullable=False)
    op.create_unique_constraint(op.f("uq_staff_token_hash"), "staff", ["token_hash"])
    for table in ("staff_credentials", "staff_sessions", "staff_tokens"):
        op.drop_table(table)
    op.execute("REVOKE ALL ON staff FROM tracker_app")
    op.execute("REVOKE UPDATE (role, active) ON staff FROM tracker_app")
    op.execute("GRANT SELECT, INSERT, UPDATE ON staff TO tracker_app")


def _make_tokens() -> None:
    op.create_table(
        "staff_tokens",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", _INSTANT, server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.Column("last_used_at", _INSTANT, nullable=True),
        sa.Column("revoked_at", _INSTANT, nullable=True),
        sa.CheckConstraint("cardinality(scopes) > 0", name=op.f("ck_staff_tokens_scopes")),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_staff_tokens_staff_id_staff")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_staff_tokens_token_hash")),
    )
    op.create_index(op.f("ix_staff_tokens_staff_id"), "staff_tokens", ["staff_id"])
    op.execute("""
        INSERT INTO staff_tokens (staff_id, name, token_hash, scopes, created_by, created_at,
                                  expires_at)
        SELECT id, 'first', token_hash, '{read,write}', 'console', created_at,
               now() + interval '365 days'
        FROM staff ORDER BY id
    """)
    op.drop_column("staff", "token_hash")
    op.execute("REVOKE UPDATE ON staff FROM tracker_app")
    op.execute("GRANT UPDATE (role, active) ON staff TO tracker_app")


def _make_sessions() -> None:
    op.create_table(
        "staff_sessions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("address_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("seen_at", _INSTANT, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.Column("ended_at", _INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_staff_sessions_staff_id_staff")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_staff_sessions_token_hash")),
    )
    op.create_index(
        op.f("ix_staff_sessions_staff_id_created_at"), "staff_sessions", ["staff_id", "created_at"]
    )


def _make_credentials() -> None:
    op.create_table(
        "staff_credentials",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("totp_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("totp_step", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", _INSTANT, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.Column("confirmed_at", _INSTANT, nullable=True),
        sa.Column("ended_at", _INSTANT, nullable=True),
        sa.CheckConstraint(
            "(password_hash IS NULL) = (confirmed_at IS NULL)",
            name=op.f("ck_staff_credentials_confirmed"),
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_staff_credentials_staff_id_staff")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_credentials")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_staff_credentials_secret_hash")),
    )
    op.create_index(
        "uq_staff_credentials_live",
        "staff_credentials",
        ["staff_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def _make_the_chain() -> None:
    op.create_table(
        "audit_chain",
        sa.Column("place", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_audit_chain")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_audit_chain_entry_id")),
    )
    op.create_table(
        "audit_waiting",
        sa.Column("entry_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_audit_waiting")),
    )
    op.create_table(
        "audit_heads",
        sa.Column("place", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("at", _INSTANT, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_audit_heads")),
    )


_FUNCTIONS = (
    """
    CREATE FUNCTION audit_netstring(given text) RETURNS bytea
    LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
        CASE WHEN given IS NULL THEN convert_to('-,', 'UTF8')
             ELSE convert_to(octet_length(convert_to(given, 'UTF8')) || ':' || given || ',', 'UTF8')
        END
    """,
    # All that an entry says, so that no two entries come to the same bytes. `tracker.audit.rules`
    # does the same in Python: whoever changes this function is found out there.
    """
    CREATE FUNCTION audit_hash(previous bytea, place bigint, entry audit_entries) RETURNS bytea
    LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN sha256(
        previous
        || audit_netstring(place::text)
        || audit_netstring((entry).id::text)
        || audit_netstring((extract(epoch FROM (entry).at) * 1000000)::bigint::text)
        || audit_netstring((entry).who)
        || audit_netstring((entry).action)
        || audit_netstring((entry).subject)
        || audit_netstring((entry).reason)
        || audit_netstring((entry).before::text)
        || audit_netstring((entry).after::text))
    """,
    # By the index, whatever was planned while the table was empty.
    """
    CREATE FUNCTION audit_append(wanted bigint) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp SET enable_seqscan = off AS $$
    DECLARE
        last audit_chain;
        entry audit_entries;
    BEGIN
        SELECT * INTO last FROM audit_chain ORDER BY place DESC LIMIT 1;
        SELECT * INTO STRICT entry FROM audit_entries WHERE id = wanted;
        INSERT INTO audit_chain (place, entry_id, hash) VALUES (
            coalesce(last.place, 0) + 1, wanted,
            audit_hash(coalesce(last.hash, decode(repeat('00', 32), 'hex')),
                       coalesce(last.place, 0) + 1, entry));
    END $$
    """,
    # At COMMIT, and as the last lock of all: nobody who waits for it holds up anybody else, and
    # the order of the chain is the order in which acts became visible. A transaction that sees
    # one moment cannot see the end of the chain: the next one that can takes its entries along.
    """
    CREATE FUNCTION audit_chain_entry() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET enable_seqscan = off AS $$
    DECLARE
        waiting bigint;
    BEGIN
        IF current_setting('transaction_isolation') <> 'read committed' THEN
            INSERT INTO audit_waiting VALUES (NEW.id);
            RETURN NULL;
        END IF;
        PERFORM pg_advisory_xact_lock(hashtextextended('audit chain', 0));
        FOR waiting IN SELECT entry_id FROM audit_waiting ORDER BY entry_id LOOP
            PERFORM audit_append(waiting);
            DELETE FROM audit_waiting WHERE entry_id = waiting;
        END LOOP;
        PERFORM audit_append(NEW.id);
        RETURN NULL;
    END $$
    """,
    "REVOKE ALL ON FUNCTION audit_netstring(text), audit_hash(bytea, bigint, audit_entries),"
    " audit_append(bigint), audit_chain_entry() FROM PUBLIC",
)

_TRIGGERS = (
    "CREATE CONSTRAINT TRIGGER audit_entries_chained AFTER INSERT ON audit_entries"
    " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_chain_entry()",
    *(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE"
        f" ON {table} FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change()"
        for table in ("audit_chain", "audit_heads")
    ),
)

_GRANTS = (
    "GRANT SELECT, INSERT, UPDATE (token_hash, last_used_at, revoked_at)"
    " ON staff_tokens TO tracker_app",
    "GRANT SELECT, INSERT, UPDATE (token_hash, seen_at, ended_at) ON staff_sessions TO tracker_app",
    "GRANT SELECT, INSERT, UPDATE (totp_sealed, totp_step, password_hash, confirmed_at, ended_at)"
    " ON staff_credentials TO tracker_app",
    "GRANT SELECT ON audit_chain, audit_waiting TO tracker_app",
    # Not the moment, as of the entries themselves.
    "GRANT SELECT, INSERT (place, hash, signature) ON audit_heads TO tracker_app",
)

_CHAIN_WHAT_THERE_IS = """
    DO $$
    DECLARE
        one bigint;
    BEGIN
        FOR one IN SELECT id FROM audit_entries ORDER BY id LOOP
            PERFORM audit_append(one);
        END LOOP;
    END $$
"""
