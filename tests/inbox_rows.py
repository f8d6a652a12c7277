"""Events put into the inbox behind the door's back."""

STORE = """
    WITH given AS (
        SELECT * FROM unnest(CAST(:ids AS text[]), CAST(:bodies AS bytea[]))
             AS given (webhook_id, body)
    ), fresh AS (
        INSERT INTO inbox_events (shop_id, webhook_id, sha256, size, received_at)
        SELECT :shop, webhook_id, sha256(body), octet_length(body),
               coalesce(CAST(:at AS timestamptz), now())
        FROM given
        ON CONFLICT DO NOTHING
        RETURNING id, webhook_id, received_at
    )
    INSERT INTO inbox_bodies (event_id, received_at, body)
    SELECT id, received_at, body FROM fresh JOIN given USING (webhook_id)
    RETURNING event_id
"""
