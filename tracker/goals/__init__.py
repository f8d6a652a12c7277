"""Goals that members save for: what is available is put aside for them, the oldest first."""
