"""``python -m sandbox.messages``: the servers without the rest of the console script."""

from sandbox.messages.cli import telecom

if __name__ == "__main__":
    telecom()
