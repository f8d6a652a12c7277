"""Countries as a setting says them: ``RU,AM,KZ``, by ISO 3166."""

import re

_COUNTRY = re.compile("[A-Z]{2}", re.ASCII)


def countries_from(text: str) -> frozenset[str]:
    """Read a setting; raises ValueError, also when there is none."""
    parts = [part.strip() for part in text.split(",")]
    for part in parts:
        if not _COUNTRY.fullmatch(part):
            raise ValueError(f"{part!r} is not a country such as RU: two letters, commas between")
    return frozenset(parts)
