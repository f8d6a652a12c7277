"""A form as an object: every field once, blank ones left out. Pure."""

from urllib.parse import parse_qsl

from tracker.kit.errors import Unreadable

MAX_FIELDS = 1_000


def decode(raw: bytes) -> dict[str, str]:
    """The fields of a form. Raises Unreadable for what two readers could read differently."""
    try:
        pairs = parse_qsl(
            raw.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(raw),
            errors="strict",
            max_num_fields=MAX_FIELDS,
        )
    except ValueError as error:
        raise Unreadable(f"not a form: {error}") from error
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise Unreadable("a field stands twice in the form")
    if any("\0" in text for pair in pairs for text in pair):
        raise Unreadable("NUL cannot be kept")
    return {name: value for name, value in fields.items() if value}
