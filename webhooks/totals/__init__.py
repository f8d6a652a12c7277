"""Control totals: a shop says what its day came to, and hears exactly where our books differ."""
