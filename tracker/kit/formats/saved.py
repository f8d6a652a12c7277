"""The formats of numbers and moments as they stand in what staff save. Pure."""

from tracker.kit.formats import moments
from tracker.kit.formats.moments import MomentFormat
from tracker.kit.formats.numbers import DECIMALS, THOUSANDS, NumberFormat, Unit
from tracker.kit.formats.sections import Section


def number_format(section: Section, *, json_numbers: bool = False) -> NumberFormat:
    """How sums are written; their unit is told, for a guess could be wrong by a hundred times."""
    section.required("unit")
    unit = Unit(section.choice("unit", [str(one) for one in Unit], Unit.RUBLES))
    decimal = section.choice("decimal", DECIMALS, ".")
    thousands = tuple(section.several("thousands", THOUSANDS, ()))
    if decimal in thousands:
        section.fault("thousands", "must not hold the decimal mark")
    section.close()
    return NumberFormat(unit, decimal, thousands, json_numbers)


def moment_format(section: Section) -> MomentFormat:
    """How moments are written, and in which zone where they tell none."""
    form, zone = section.value("format") or moments.ISO8601, section.value("zone")
    if not isinstance(form, str) or not (zone is None or isinstance(zone, str)):
        section.fault("", '"format" and "zone" must be strings')
        form, zone = moments.ISO8601, None
    for name, why in moments.check(form, zone).items():
        section.fault(name, why)
    section.close()
    return MomentFormat(form, zone)
