"""The SQL that pairs a statement's orders with ours, and says in what they differ.

Made of steps that each see the ones before: their orders; pairs by number, by the word of staff, by
a number that looks alike; our orders, with what is left of each; pairs by day and sum among those
that are left alone on both sides; and the differences.

An order that is named on a line with a fault is left out on both sides: what is said of it is not
known. One without a number has a made-up one, by which it is found again once it is booked.
"""

from partners.reconciliation.rules import UNNUMBERED
from tracker.purchases.day_queries import LEFT_OF_ORDER

_LINES = """
    WITH faulty AS MATERIALIZED (
        SELECT order_id, order_key FROM shop_statement_lines WHERE statement_id = :id AND faulty
    ), lines AS (
        SELECT * FROM shop_statement_lines AS line
        WHERE statement_id = :id AND NOT faulty
          AND NOT EXISTS (SELECT FROM faulty WHERE faulty.order_key = line.order_key)
    )
"""

BY_ORDERS = f"""{_LINES}
    , told AS MATERIALIZED (
        SELECT DISTINCT ON (order_id, CASE WHEN order_id IS NULL THEN line END)
               order_id, order_key, line, amount, word, commission, ordered_at, click_id,
               CASE WHEN order_id IS NULL THEN 1 ELSE count(*) OVER same END AS rows,
               CASE WHEN order_id IS NULL THEN amount ELSE sum(amount) OVER same END AS amounts
        FROM lines
        WINDOW same AS (PARTITION BY order_id)
        ORDER BY order_id, CASE WHEN order_id IS NULL THEN line END, line
    )
"""  # noqa: S608 (texts of this file put together)
"""One line for each order; of one that stands on several the first is looked at."""

BY_LINES = f"""{_LINES}
    , told AS MATERIALIZED (
        SELECT order_id, min(order_key) AS order_key, min(line) AS line,
               coalesce(sum(amount) FILTER (WHERE word IS DISTINCT FROM 'returned'), 0) AS amount,
               CASE WHEN bool_and(word IS NOT DISTINCT FROM 'returned') THEN 'returned'
                    WHEN bool_or(word = 'open') THEN 'open'
                    WHEN bool_or(word = 'confirmed') THEN 'confirmed' END AS word,
               sum(commission) FILTER (WHERE word IS DISTINCT FROM 'returned') AS commission,
               min(ordered_at) AS ordered_at, min(click_id) AS click_id,
               1 AS rows, sum(amount) AS amounts
        FROM lines
        GROUP BY order_id, CASE WHEN order_id IS NULL THEN line END
    )
"""  # noqa: S608 (likewise)
"""An order's lines added up; what came back counts for nothing."""

_DAY = "(ordered_at AT TIME ZONE :zone)::date"

# With the click, so that of two alike each stays the one that it was booked as.
_MADE_UP = f"""'{UNNUMBERED}' || {_DAY} || ':' || amounts
               || coalesce(':' || left(md5(click_id), 8), '') || ':' || row_number() OVER (
                   PARTITION BY {_DAY}, amounts, click_id ORDER BY line)"""

_TOLD = """order_key, line, rows, amounts, ordered_at, click_id, commission,
               CASE WHEN word = 'returned' THEN 0 ELSE greatest(amount, 0) END::bigint AS amount,
               CASE WHEN amount <= 0 THEN 'returned' ELSE word END AS word"""

_PAIRS = f"""
    , theirs AS MATERIALIZED (
        SELECT order_id, order_id AS number, {_TOLD} FROM told WHERE order_id IS NOT NULL
        UNION ALL
        SELECT NULL, {_MADE_UP}, {_TOLD} FROM told WHERE order_id IS NULL
    ), by_number AS MATERIALIZED (
        SELECT theirs.line, purchases.id AS purchase_id, theirs.order_id IS NOT NULL AS is_told
        FROM theirs JOIN purchases ON shop_id = :shop AND purchases.order_id = theirs.number
        WHERE purchases.ordered_at IS NOT NULL
    ), left_over AS MATERIALIZED (
        SELECT line, order_id, order_key FROM theirs
        WHERE order_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM by_number WHERE by_number.line = theirs.line
        )
    ), said AS MATERIALIZED (
        SELECT order_id, purchase_id FROM partner_findings
        WHERE shop_id = :shop AND kind = 'near' AND decision = 'theirs' AND state = 'settled'
    ), by_staff AS MATERIALIZED (
        SELECT DISTINCT ON (line) line, purchase_id
        FROM (
            SELECT DISTINCT ON (purchase_id) left_over.line, said.purchase_id
            FROM left_over JOIN said USING (order_id)
            WHERE NOT EXISTS (
                SELECT FROM by_number WHERE by_number.purchase_id = said.purchase_id
            )
            ORDER BY purchase_id, left_over.line
        ) AS each
        ORDER BY line, purchase_id
    ), by_likeness AS MATERIALIZED (
        SELECT DISTINCT ON (purchases.id) left_over.line, purchases.id AS purchase_id
        FROM left_over
        JOIN purchases ON shop_id = :shop AND purchases.order_key = left_over.order_key
        WHERE ordered_at IS NOT NULL
          AND NOT EXISTS (SELECT FROM by_number WHERE by_number.purchase_id = purchases.id)
          AND NOT EXISTS (SELECT FROM by_staff WHERE by_staff.purchase_id = purchases.id)
          AND NOT EXISTS (SELECT FROM by_staff WHERE by_staff.line = left_over.line)
        ORDER BY purchases.id, left_over.line
    ), paired AS MATERIALIZED (
        SELECT line, purchase_id FROM by_number
        UNION ALL SELECT line, purchase_id FROM by_staff
        UNION ALL SELECT line, purchase_id FROM by_likeness
    )
"""  # noqa: S608 (texts of this file put together)

_OURS = f"""
    , unsure AS MATERIALIZED (
        SELECT id FROM faulty JOIN purchases USING (order_id) WHERE shop_id = :shop
        UNION SELECT id FROM faulty JOIN purchases USING (order_key) WHERE shop_id = :shop
        UNION SELECT purchase_id FROM faulty JOIN said USING (order_id)
    ), wanted AS MATERIALIZED (
        (
            SELECT purchase_id AS id FROM paired
            UNION SELECT id FROM purchases
            WHERE shop_id = :shop AND ordered_at >= :since AND ordered_at < :until
        )
        EXCEPT SELECT id FROM unsure
    ), ours AS MATERIALIZED (
        SELECT purchases.id, purchases.order_id, ordered_at, member_id,
               coalesce(attributed_click_id, click_id) AS click_id,
               ordered_at >= :since AND ordered_at < :until AS is_of_the_days,
               pending_commission + confirmed_commission AS commission,
               pending_cashback + confirmed_cashback AS cashback,
               counted.amount,
               CASE WHEN counted.amount = 0 THEN 'returned'
                    WHEN status = 'rejected' THEN 'rejected'
                    WHEN status = 'confirmed' OR confirmed_by_shop_at IS NOT NULL THEN 'confirmed'
                    ELSE 'open' END AS word
        FROM wanted JOIN purchases USING (id) {LEFT_OF_ORDER}
    ), guesses AS MATERIALIZED (
        SELECT alone.line, alone.order_id, other.id AS purchase_id
        FROM (
            SELECT line, order_id, {_DAY} AS day, amount, count(*) OVER alike AS many
            FROM theirs
            WHERE amount > 0 AND ordered_at IS NOT NULL
              AND NOT EXISTS (SELECT FROM paired WHERE paired.line = theirs.line)
            WINDOW alike AS (PARTITION BY {_DAY}, amount)
        ) AS alone
        JOIN (
            SELECT id, {_DAY} AS day, amount, count(*) OVER alike AS many
            FROM ours
            WHERE amount > 0
              AND NOT EXISTS (SELECT FROM paired WHERE paired.purchase_id = ours.id)
            WINDOW alike AS (PARTITION BY {_DAY}, amount)
        ) AS other USING (day, amount)
        WHERE alone.many = 1 AND other.many = 1 AND NOT EXISTS (
            SELECT FROM partner_findings AS said
            WHERE said.shop_id = :shop AND kind = 'near' AND decision = 'ours'
              AND state = 'settled' AND said.purchase_id = other.id
              AND said.order_id = alone.order_id
        )
    ), together AS MATERIALIZED (
        SELECT line, purchase_id, false AS is_near FROM paired
        UNION ALL SELECT line, purchase_id, order_id IS NOT NULL FROM guesses
    )
"""  # noqa: S608 (a text of this file and one of purchases)

_FOUND = """
    , compared AS MATERIALIZED (
        SELECT theirs.line, ours.id AS purchase_id, is_near,
               coalesce(theirs.order_id, ours.order_id) AS order_id,
               ours.order_id AS our_order_id, ours.amount AS our_amount,
               theirs.amount AS their_amount, ours.word AS our_word, theirs.word AS their_word,
               ours.commission AS our_commission, theirs.commission AS their_commission,
               ours.cashback, ours.member_id, ours.click_id, theirs.ordered_at AS told_at,
               theirs.click_id AS told_click,
               ours.word IN ('open', 'confirmed') AND theirs.amount > 0 AS is_alive,
               abs(ours.amount - theirs.amount)
                   > greatest(:kopecks, (ours.amount * :basis_points + 5000) / 10000) AS is_apart
        FROM together
        JOIN theirs USING (line)
        JOIN ours ON ours.id = together.purchase_id
    ), found AS (
        SELECT 'amount' AS kind, our_amount || '>' || their_amount AS figures, *
        FROM compared
        WHERE NOT is_near AND is_apart AND their_amount > 0
          AND (is_alive OR (their_word IS NULL AND our_word = 'returned'))
        UNION ALL
        SELECT 'status', our_word || '>' || their_word, * FROM compared
        WHERE NOT is_near AND their_word <> our_word
          AND NOT (their_word = 'returned' AND our_word = 'rejected')
        UNION ALL
        SELECT 'commission', our_commission || '>' || their_commission, * FROM compared
        WHERE NOT is_near AND is_alive AND NOT is_apart
          AND abs(our_commission - their_commission)
              > greatest(:kopecks, (our_commission * :basis_points + 5000) / 10000)
        UNION ALL
        SELECT 'near', our_order_id, * FROM compared WHERE is_near
    ), missing AS (
        SELECT number, line, amount, word, commission, ordered_at, click_id
        FROM theirs
        WHERE amount > 0 AND NOT EXISTS (SELECT FROM together WHERE together.line = theirs.line)
    )
"""

_EFFECTS = """
    , differences AS (
        SELECT kind, order_id, figures, line, purchase_id, our_order_id, our_amount, their_amount,
               our_word, their_word, our_commission, their_commission, told_at AS ordered_at,
               told_click AS click_id,
               CASE
                   WHEN kind = 'commission' THEN their_commission - our_commission
                   WHEN kind = 'status' AND their_word = 'returned' THEN -our_commission
                   WHEN kind = 'status' AND their_word = 'confirmed' AND our_word = 'rejected'
                       THEN (our_amount * terms.commission_bp + 5000) / 10000
                   WHEN kind = 'amount' THEN (their_amount * terms.commission_bp + 5000) / 10000
                                           - (our_amount * terms.commission_bp + 5000) / 10000
                   ELSE 0 END AS commission_effect,
               CASE
                   WHEN kind = 'status' AND their_word = 'returned' THEN -cashback
                   WHEN kind = 'status' AND their_word = 'confirmed' AND our_word = 'rejected'
                       THEN (our_amount * terms.cashback_bp + 5000) / 10000
                   WHEN kind = 'amount' THEN (their_amount * terms.cashback_bp + 5000) / 10000
                                           - (our_amount * terms.cashback_bp + 5000) / 10000
                   ELSE 0 END AS cashback_effect
        FROM (
            SELECT found.*, coalesce(cashback_bp, 0) AS cashback_bp,
                   coalesce(commission_bp, 0) AS commission_bp
            FROM found
            LEFT JOIN clicks ON clicks.id = found.click_id AND found.member_id IS NOT NULL
        ) AS terms
        UNION ALL
        SELECT 'duplicate', order_id, rows || 'x' || amounts, line, NULL, NULL, NULL, amount,
               NULL, word, NULL, commission, ordered_at, click_id, 0, 0
        FROM theirs WHERE rows > 1
        UNION ALL
        SELECT 'missing_with_us', number, amount || coalesce(':' || word, ''), line, NULL,
               NULL, NULL, amount, NULL, word, NULL, commission, ordered_at, missing.click_id,
               (amount * coalesce(commission_bp, 0) + 5000) / 10000,
               (amount * coalesce(cashback_bp, 0) + 5000) / 10000
        FROM missing LEFT JOIN clicks ON clicks.id = missing.click_id AND clicks.shop_id = :shop
        UNION ALL
        SELECT 'missing_with_them', order_id, amount::text, NULL, id, order_id, amount, NULL, word,
               NULL, commission, NULL, NULL, NULL, -commission, -cashback
        FROM ours
        WHERE is_of_the_days AND member_id IS NOT NULL AND word IN ('open', 'confirmed')
          AND NOT EXISTS (SELECT FROM together WHERE together.purchase_id = ours.id)
    )
"""

DIFFERENCES = _PAIRS + _OURS + _FOUND + _EFFECTS
"""From ``told`` to ``differences``, by :shop, :since, :until, :zone, :kopecks and :basis_points."""
