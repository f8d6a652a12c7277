"""Stands in for the operator's billing: a process of its own, with its own books and statement.

The protocol, the test numbers and the fault script are described in ``docs/billing-protocol.md``.
"""
