"""The house's own reports: each a file, with its columns and its SELECT."""
