"""A member's personal data: the export, the erasure, and keys that change."""
