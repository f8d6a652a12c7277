"""Which dialect a shop reports in, since when, and the mapping of a dialect of its own."""
