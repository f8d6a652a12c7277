"""What the club owes to whom, and why. Knows nothing of partners' words or of HTTP signatures."""
