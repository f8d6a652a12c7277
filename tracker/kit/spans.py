"""Spans of time as a setting says them: ``1m,5m,1h,1d``."""

import re

_SPAN = re.compile(r"(?P<count>[0-9]{1,6})(?P<unit>[smhd])", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def spans_from(text: str) -> tuple[int, ...]:
    """Seconds of each span, which must grow from one to the next; raises ValueError."""
    spans = tuple(_span(part.strip()) for part in text.split(","))
    if list(spans) != sorted(set(spans)):
        raise ValueError("each span is to be longer than the one before it")
    return spans


def _span(text: str) -> int:
    match = _SPAN.fullmatch(text)
    if match is None or not int(match["count"]):
        raise ValueError(f"{text!r} is not a span such as 30s, 5m, 1h or 2d")
    return int(match["count"]) * _SECONDS[match["unit"]]
