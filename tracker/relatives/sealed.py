"""What of relatives is sealed: to be sealed anew when the key is changed."""

from tracker.kit.resealing import SealedColumn
from tracker.relatives.models import Relative
from tracker.relatives.queries import purpose_of_label

COLUMNS = (SealedColumn(Relative, "label_sealed", lambda row: purpose_of_label(row.member_id)),)
