"""What of shops' secrets is sealed: to be sealed anew when the key is changed."""

from partners.credentials.models import WebhookSecret
from partners.credentials.service import purpose_of_secret
from tracker.kit.resealing import SealedColumn

COLUMNS = (SealedColumn(WebhookSecret, "sealed", lambda row: purpose_of_secret(row.shop_id)),)
