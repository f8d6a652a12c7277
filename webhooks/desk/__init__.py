"""The hand of staff on the inbox: search, raw and decoded, retry, discard, re-attribute."""
