"""The sample catalogue: 660 invented shops in the programme's six sections.

``shops.csv`` is what ``tracker shops import`` loads; ``python -m sandbox.catalogue`` makes it anew.
"""

from pathlib import Path

SHOPS_CSV = Path(__file__).with_name("shops.csv")
"""The sample catalogue, in the columns of ``tracker shops import``."""
