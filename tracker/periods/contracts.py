"""What this room asks of others."""

from collections.abc import Callable, Iterator
from datetime import datetime

from sqlalchemy.orm import Session

Check = Callable[[Session, str, datetime], Iterator[str]]
"""Looks at a month at a business moment, and says what stands in the way of closing it: a sentence
each, nothing when nothing does."""
