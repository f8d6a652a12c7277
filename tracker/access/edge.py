"""What the routes of signing in and of changes share."""

from datetime import timedelta

from tracker.access import budgets, codes
from tracker.access.codes import Verdict
from tracker.access.reach import PhoneNotReachable, takes_codes
from tracker.access.rules import Purpose
from tracker.kit.clock import SystemClock
from tracker.kit.database import unit_of_work
from tracker.kit.http import client_address, runtime
from tracker.kit.logs import log
from tracker.members.rules import Language
from tracker.notifications.service import TASKS

REAL = SystemClock()
"""Codes, tickets, budgets and sessions go by the clock on the wall: people sign in and out by it,
also where business time runs faster. Whose a number is taken to be goes by business time."""

_NOTICES = 20
"""How often a day somebody may sign in by the password, or set another one by it."""

_GUESSES = 60
"""Answers an hour from one address that are no code: a mobile operator's subscribers, who share
one, mistype less often; a guesser needs a million."""

_GUESSES_IN_ALL = 500
"""Wrong answers an hour in all at which somebody should look. Nobody is refused because of them:
or whoever guesses could shut out all the others."""

_HOUR = timedelta(hours=1)
_LOG = log("access")


def trust() -> timedelta:
    """How long a number is its member's without another proof."""
    return timedelta(days=runtime().settings.number_trust_days)


def spend_try(name: str, known_device: str | None) -> None:
    """Count a try at a password. Raises BudgetUsedUp, whether or not there is such a member.

    ``known_device``: its name, where the member was signed in on it before.
    """
    house, address = runtime(), client_address()
    if known_device is None:
        tries = budgets.sign_in_budgets(name, address, house.settings)
    else:
        tries = budgets.sign_in_budgets_of_device(name, known_device, address, house.settings)
    budgets.spend(house.engine, house.settings.keys, tries, REAL.now())


def spend_notice(member_id: int) -> None:
    """Count what a member is told of because of a password. Raises BudgetUsedUp.

    Whoever signs in all day is sent an SMS each time, and may earn by it where the number is of
    the dear sort. What is done by a code was counted with the code.
    """
    house = runtime()
    told = budgets.Budget("notice member", str(member_id), _NOTICES, timedelta(days=1))
    budgets.spend(house.engine, house.settings.keys, [told], REAL.now())


def spend_message(to: codes.Destination) -> None:
    """Count the message that a code will go out by. Raises PhoneNotReachable and BudgetUsedUp."""
    see_reachable(to)
    house = runtime()
    address = client_address()
    if to.phone is not None:
        wanted = budgets.sms_budgets(to.phone, address, house.settings)
    else:
        wanted = budgets.mail_budgets(to.email or "", address, house.settings)
    budgets.spend(house.engine, house.settings.keys, wanted, REAL.now())


def see_reachable(to: codes.Destination) -> None:
    """Raises PhoneNotReachable, whether or not it is a member's."""
    if to.phone is not None and not takes_codes(to.phone, runtime().settings.sms_countries):
        raise PhoneNotReachable(fields={"phone": "no codes are sent there"})


def spend_guess() -> None:
    """Count an answer to a code before it is looked at; `see_right` gives a right one back.

    So one address can guess at the codes of many numbers no better than at those of one. Raises
    BudgetUsedUp, whether or not the code would have been right.
    """
    house = runtime()
    budgets.spend(house.engine, house.settings.keys, [_guesses()], REAL.now())


def see_right(**verdicts: Verdict) -> None:
    """See that what came in these fields was right: to be called after the attempts were committed.

    Raises CodeWrong and CodeNotAlive.
    """
    house, now = runtime(), REAL.now()
    if all(one is Verdict.RIGHT for one in verdicts.values()):
        budgets.give_back(house.engine, house.settings.keys, _guesses(), now)
        return
    wrong = {name: "wrong" for name, said in verdicts.items() if said is Verdict.WRONG}
    if not wrong:
        raise codes.CodeNotAlive
    in_all = budgets.Budget("guess all", "", _GUESSES_IN_ALL, _HOUR)
    if budgets.has_reached(house.engine, house.settings.keys, in_all, now):
        _LOG.error("codes_guessed", limit=_GUESSES_IN_ALL)
    raise codes.CodeWrong(fields=wrong)


def _guesses() -> budgets.Budget:
    return budgets.Budget("guess address", client_address(), _GUESSES, _HOUR)


def ask(purpose: Purpose, flow: str, to: codes.Destination, language: Language) -> codes.Asked:
    """Send a code for a flow, and say how long it is good. Raises AskedTooSoon, BudgetUsedUp."""
    house = runtime()
    keys = house.settings.keys
    with unit_of_work(house.engine) as session:
        codes.see_pause(session, keys, purpose, flow, REAL.now())
    spend_message(to)
    with unit_of_work(house.engine) as session:
        asked = codes.ask(session, keys, purpose, to, flow, REAL.now(), language=language)
    nudge()
    return asked


def nudge() -> None:
    """Let workers send what was queued."""
    for task in TASKS.values():
        runtime().nudger.nudge(task)
