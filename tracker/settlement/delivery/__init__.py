"""Delivering payouts in chunks: claim and commit, call, record. Each step is one unit of work.

No transaction is open while the operator is being talked to. A claim carries a fencing token, so
that whoever wakes up late writes nothing.
"""
