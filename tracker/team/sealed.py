"""What of the team is sealed: to be sealed anew when the key is changed."""

from tracker.kit.resealing import SealedColumn
from tracker.team.enrolling import purpose_of
from tracker.team.models import StaffCredential

COLUMNS = (SealedColumn(StaffCredential, "totp_sealed", lambda row: purpose_of(row.staff_id)),)
