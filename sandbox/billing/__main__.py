"""``python -m sandbox.billing``: the command without the rest of the console script."""

from sandbox.billing.cli import billing

if __name__ == "__main__":
    billing()
