"""What one of the staff proposes and another approves: bound to its hash, and to what was seen."""
