#!/usr/bin/env python3
"""Remove from this environment whatever the product does not need to run.

The lock holds everything, tools and embedded servers included, because one file with all hashes
is what is installed everywhere. An image wants less: run this where all of it is installed.
"""

import subprocess
import sys
from importlib.metadata import distribution, distributions

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PRODUCT = "partner-cashback-tracker"


def needed(name: str = PRODUCT, extras: frozenset[str] = frozenset()) -> set[str]:
    """The canonical names of a distribution and of all that it needs on this machine."""
    seen: set[tuple[str, frozenset[str]]] = set()
    ahead = [(canonicalize_name(name), extras)]
    while ahead:
        one = ahead.pop()
        if one in seen:
            continue
        seen.add(one)
        for line in distribution(one[0]).requires or ():
            wanted = Requirement(line)
            if _applies(wanted, one[1]):
                ahead.append((canonicalize_name(wanted.name), frozenset(wanted.extras)))
    return {found for found, _ in seen}


def _applies(wanted: Requirement, extras: frozenset[str]) -> bool:
    if wanted.marker is None:
        return True
    return any(wanted.marker.evaluate({"extra": extra}) for extra in extras | {""})


def main() -> None:
    installed = {canonicalize_name(found.metadata["Name"]) for found in distributions()}
    superfluous = sorted(installed - needed() - {"pip"})
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    subprocess.run([*pip, "uninstall", "--quiet", "--yes", *superfluous], check=True)
    subprocess.run([*pip, "check"], check=True)


if __name__ == "__main__":
    main()
