"""What a member sees: balance, history, the explanation of every line, and preferences."""
