"""Bodies that nobody ought to send, made from the recorded ones; `make fuzz` sends many of them."""
