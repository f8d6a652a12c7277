"""Months are paid through an operator on bad days: fault scripts, and what its books say after."""
