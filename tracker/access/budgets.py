"""How often something may be asked for: by a number, its block, an address, and by all together.

Counted in PostgreSQL, since some of it costs money: losing Redis must not begin it anew. What is
refused is not counted: or whoever is refused could use up what all share. One row for each subject
and window, written over in each new window.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from tracker.kit.crypto import Keyring
from tracker.kit.database import unit_of_work
from tracker.kit.errors import TooMany
from tracker.kit.limits import Limit
from tracker.kit.logs import log
from tracker.kit.settings import Settings

_BLOCK_DIGITS = 4
"""Numbers are handed out to operators in blocks of ten thousand: fraud that is paid for each
message received owns some of them, and its numbers differ in the last four digits."""

_SHARED = ("prefix", "all")
"""When one of these is used up, somebody should look."""

_DEVICE_TRIES = 10
"""Tries an hour on a member's own device."""

_HOUR = timedelta(hours=1)
_SUBJECT = "subject of a budget"
_LOG = log("access")


class BudgetUsedUp(TooMany):
    """This was asked for too often: try again later."""

    code = "too_many_requests"


@dataclass(frozen=True, slots=True)
class Budget:
    """So often may something be done for one subject within each window."""

    scope: str
    """What is done, and what the subject is: ``sms number``."""
    subject: str
    limit: int
    window: timedelta


def spend(engine: Engine, keys: Keyring, budgets: Sequence[Budget], now: datetime) -> None:
    """Count one use of each budget, and commit; or of none, and raise BudgetUsedUp.

    To be called before anything is looked up or done, with the real moment: so whoever is refused
    learns nothing, and whoever crashes us half-way has paid.
    """
    by_key = {_key(keys, one): one for one in budgets}
    # In one order for everybody: nobody waits in a circle.
    rows = sorted(by_key)
    with unit_of_work(engine) as session:
        counted = session.execute(
            _COUNT,
            {
                "scopes": [scope for scope, _ in rows],
                "subjects": [subject for _, subject in rows],
                "starts": [_start(by_key[row].window, now) for row in rows],
            },
        ).all()
        counts = {(scope, subject): count for scope, subject, count in counted}
        over = [by_key[key] for key in rows if counts[key] > by_key[key].limit]
        if over:
            # Raised within the unit of work: it is taken back, and nothing was counted.
            raise BudgetUsedUp(retry_after=max(_left(one.window, now) for one in over))
    for key in rows:
        if counts[key] == by_key[key].limit:
            _tell(by_key[key])


def see_left(engine: Engine, keys: Keyring, budgets: Sequence[Budget], now: datetime) -> None:
    """Count nothing; raises BudgetUsedUp where a use could not be counted.

    For what is spent only when it goes wrong: whoever does it in great haste may be a few tries
    ahead of the count, so only where a few are no help.
    """
    by_key = {_key(keys, one): one for one in budgets}
    scopes, subjects = zip(*by_key, strict=True)
    with unit_of_work(engine) as session:
        rows = session.execute(_LOOK, {"scopes": [*scopes], "subjects": [*subjects]}).all()
    used = {(scope, subject): (start, count) for scope, subject, start, count in rows}
    over = [
        one
        for key, one in by_key.items()
        if key in used and used[key][0] >= _start(one.window, now) and used[key][1] >= one.limit
    ]
    if over:
        raise BudgetUsedUp(retry_after=max(_left(one.window, now) for one in over))


def used_by_all(session: Session, scope: str, window: timedelta) -> int:
    """How often all together have used a budget that has one subject, in the window that runs."""
    values = {"scope": _scope(scope, window), "window": window}
    return int(session.scalar(_USED, values) or 0)


def give_back(engine: Engine, keys: Keyring, budget: Budget, now: datetime) -> None:
    """Take one use of a budget back, in the window that it was counted in or not at all."""
    (scope, subject), start = _key(keys, budget), _start(budget.window, now)
    with unit_of_work(engine) as session:
        session.execute(_GIVE_BACK, {"scope": scope, "subject": subject, "start": start})


def has_reached(engine: Engine, keys: Keyring, budget: Budget, now: datetime) -> bool:
    """Count one use that is refused to nobody; True for the one that comes up to the limit."""
    (scope, subject), start = _key(keys, budget), _start(budget.window, now)
    with unit_of_work(engine) as session:
        values = {"scopes": [scope], "subjects": [subject], "starts": [start]}
        counted = session.execute(_COUNT, values).one()
    return bool(counted.count_now == budget.limit)


def sms_budgets(phone: str, address: str, settings: Settings) -> list[Budget]:
    """What a code by SMS is taken from, whatever it is for."""
    return _budgets("sms", phone, address, settings.sms_budgets)


def mail_budgets(email: str, address: str, settings: Settings) -> list[Budget]:
    """What a code by e-mail is taken from, whatever it is for."""
    return _budgets("mail", email, address, settings.mail_budgets)


def sign_in_budgets(name: str, address: str, settings: Settings) -> list[Budget]:
    """What a try to sign in by a number or mailbox and a password is taken from, whosever it is."""
    return _budgets("sign in", name, address, settings.sign_in_budgets)


def sign_in_budgets_of_device(
    name: str, device: str, address: str, settings: Settings
) -> list[Budget]:
    """What such a try is taken from on a device that the member was signed in on.

    Strangers' tries at the name leave it what it has: they cannot lock the member out.
    """
    shared = [
        one
        for one in sign_in_budgets(name, address, settings)
        if one.scope.endswith((" address", " all"))
    ]
    own = Budget("sign in device", f"{device}\0{name}", _DEVICE_TRIES, _HOUR)
    return [own, *shared]


def block_of(phone: str) -> str:
    """The block of ten thousand numbers that an E.164 number is of."""
    return phone[:-_BLOCK_DIGITS]


def _budgets(what: str, to: str, address: str, limits: Sequence[Limit]) -> list[Budget]:
    of = {"number": to, "mailbox": to, "address": address, "all": ""}
    if "@" not in to:
        # Half the country has its mailbox with one of three providers: they are no block.
        of["prefix"] = block_of(to)
    return [
        Budget(f"{what} {one.of}", of[one.of], one.count, timedelta(seconds=one.seconds))
        for one in limits
        if one.of in of
    ]


def _key(keys: Keyring, budget: Budget) -> tuple[str, bytes]:
    return _scope(budget.scope, budget.window), keys.hash(_SUBJECT, budget.subject)


def _scope(scope: str, window: timedelta) -> str:
    return f"{scope} {int(window.total_seconds())}"


def _start(window: timedelta, now: datetime) -> datetime:
    seconds = int(window.total_seconds())
    return datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, UTC)


def _left(window: timedelta, now: datetime) -> int:
    return max(1, ceil((_start(window, now) + window - now).total_seconds()))


def _tell(budget: Budget) -> None:
    """The last of a shared budget was spent: told once in each window. A block names nobody."""
    if budget.scope.endswith(_SHARED):
        block = budget.subject if budget.scope.endswith("prefix") else ""
        _LOG.error("budget_used_up", scope=budget.scope, block=block, limit=budget.limit)


# A clock that went back goes on counting in the window that had begun.
_COUNT = text("""
    INSERT INTO budget_counts AS kept (scope, subject, window_start, count)
    SELECT scope, subject, start, 1
    FROM unnest(CAST(:scopes AS text[]), CAST(:subjects AS bytea[]), CAST(:starts AS timestamptz[]))
         AS given (scope, subject, start)
    ORDER BY scope COLLATE "C", subject
    ON CONFLICT (scope, subject) DO UPDATE SET
        count = CASE WHEN kept.window_start >= excluded.window_start THEN kept.count + 1 ELSE 1 END,
        window_start = greatest(kept.window_start, excluded.window_start)
    RETURNING scope, subject, count AS count_now
""")

_LOOK = text("""
    SELECT scope, subject, window_start, count
    FROM budget_counts
    JOIN unnest(CAST(:scopes AS text[]), CAST(:subjects AS bytea[])) AS given (scope, subject)
        USING (scope, subject)
""")

_USED = text("""
    SELECT sum(count) FROM budget_counts
    WHERE scope = :scope AND window_start > clock_timestamp() - CAST(:window AS interval)
""")

_GIVE_BACK = text("""
    UPDATE budget_counts SET count = count - 1
    WHERE scope = :scope AND subject = :subject AND window_start = :start AND count > 0
""")
