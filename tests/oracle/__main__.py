"""``python -m tests.oracle FILE``: the figures that a replay of the file must end with."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

from tests.oracle.model import expected_of

json.dump(asdict(expected_of(Path(sys.argv[1]))), sys.stdout, indent=1)
sys.stdout.write("\n")
