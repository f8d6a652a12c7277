"""A purchase's life: pending, confirmed, rejected; what it earns; the welcome bonus.

Facts are kept as they arrive, in whatever order; what they mean is computed from all of them
anew, and the ledger is moved from where it stands to where it ought to stand.
"""
