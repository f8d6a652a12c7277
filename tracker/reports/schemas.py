"""How reports look to staff."""

from marshmallow import Schema, fields

from tracker.kit.fields import Moment, Rubles


class LiabilityQuery(Schema):
    """As of when."""

    as_of = Moment(metadata={"description": "A business moment  [default: now]"})


class LiabilitySchema(Schema):
    """What we owe members as of a moment."""

    as_of = fields.AwareDateTime(format="iso")
    pending = Rubles(metadata={"description": "Owed once the purchases are confirmed"})
    available = Rubles()
    reserved = Rubles(metadata={"description": "Put aside for goals"})
    in_flight = Rubles(metadata={"description": "Handed to the operator, outcome not known"})
    certificates_outstanding = Rubles(
        metadata={"description": "Certificates that no salon has taken yet"}
    )
    to_members = Rubles(metadata={"description": "The sum of all these"})
    debts = Rubles(metadata={"description": "What members owe us; not taken off the sum"})
