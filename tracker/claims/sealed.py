"""What of claims is sealed: to be sealed anew when the key is changed."""

from tracker.claims.models import Claim, ClaimFile
from tracker.claims.service import purpose_of_file, purpose_of_note
from tracker.kit.resealing import SealedColumn

COLUMNS = (
    SealedColumn(Claim, "note_sealed", lambda row: purpose_of_note(row.member_id)),
    SealedColumn(ClaimFile, "sealed", lambda row: purpose_of_file(row.claim_id)),
)
