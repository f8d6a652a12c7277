"""A partner's notice becomes a report on a purchase, or is refused with a reason."""
