"""Missing cashback: a member reports a purchase that did not appear, and gets an answer."""
