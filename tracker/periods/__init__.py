"""Months of the books: what must hold before one is closed, closing it, its documents.

PostgreSQL keeps a closed month closed (`closed_periods`, in the ledger's room).
"""
