"""What finance reads: sums of the ledger as of a moment. Nothing is written here."""
