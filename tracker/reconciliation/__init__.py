"""The operator's statements against our payouts: what differs, and who explains it."""
