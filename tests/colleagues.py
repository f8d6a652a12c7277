"""Who of the finance team acts in tests."""

from tracker.staff.rules import Role
from tracker.staff.service import Person

OLGA = Person("olga", Role.OPERATOR)
ANNA = Person("anna", Role.APPROVER)
BORIS = Person("boris", Role.APPROVER)
