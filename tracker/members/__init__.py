"""People: who takes part, since when, on which number, and how they want to be paid."""
