"""Months without books are not closed by hand: the next to close is the next that has any."""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(_NEXT_WITH_BOOKS)


def downgrade() -> None:
    op.execute(_NEXT)


# Also the very next month may be closed, with books or without. By the index there is little to
# look through: what stands in open months.
_NEXT_WITH_BOOKS = """
    CREATE OR REPLACE FUNCTION ledger_next_closed_period() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        closed text COLLATE "C";
        following text COLLATE "C";
        due text COLLATE "C";
    BEGIN
        PERFORM pg_advisory_xact_lock(hashtextextended('ledger periods', 0));
        SELECT coalesce(max(period), '') FROM public.closed_periods INTO closed;
        IF closed <> '' THEN
            following := to_char((closed || '-01')::date + interval '1 month', 'YYYY-MM');
        END IF;
        SELECT coalesce(min(period), following) FROM public.ledger_transactions
        WHERE period > closed INTO due;
        IF due IS NULL OR (NEW.period <> due AND NEW.period IS DISTINCT FROM following) THEN
            RAISE EXCEPTION '% cannot be closed: % is next', NEW.period, coalesce(due, 'none')
                USING ERRCODE = 'check_violation', CONSTRAINT = 'closed_periods_in_order';
        END IF;
        NEW.closed_at := clock_timestamp();
        RETURN NEW;
    END $$
"""

# As 0017 made it.
_NEXT = """
    CREATE OR REPLACE FUNCTION ledger_next_closed_period() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        due text COLLATE "C";
    BEGIN
        PERFORM pg_advisory_xact_lock(hashtextextended('ledger periods', 0));
        SELECT coalesce(
            (SELECT to_char((max(period) || '-01')::date + interval '1 month', 'YYYY-MM')
             FROM public.closed_periods),
            (SELECT min(period) FROM public.ledger_transactions)) INTO due;
        IF due IS NULL OR NEW.period <> due THEN
            RAISE EXCEPTION '% cannot be closed: % is next', NEW.period, coalesce(due, 'none')
                USING ERRCODE = 'check_violation', CONSTRAINT = 'closed_periods_in_order';
        END IF;
        NEW.closed_at := clock_timestamp();
        RETURN NEW;
    END $$
"""
