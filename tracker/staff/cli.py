"""The option by which commands learn who is acting."""

import getpass
import os

import click
from sqlalchemy.orm import Session

from tracker.kit.runtime import Runtime
from tracker.staff.rules import Role, TokenNotAccepted
from tracker.staff.service import Person, recognise

token_option = click.option(
    "--token",
    envvar="TRACKER_STAFF_TOKEN",
    help="The acting staff member's API token [env: TRACKER_STAFF_TOKEN].",
)


def acting_on(session: Session, runtime: Runtime, token: str | None, needed: Role) -> str:
    """Who acts by a command: the holder of the token, else the account that runs it.

    Raises TokenNotAccepted, also for an empty one: a variable that was never set; and RoleTooLow.
    """
    if token is None:
        return f"console:{_account()}"
    return person_on(session, runtime, token, needed)


def person_on(session: Session, runtime: Runtime, token: str | None, needed: Role) -> str:
    """Who acts where money waits for a person's word: the holder of the token, nobody else.

    Raises TokenNotAccepted, also for none, and RoleTooLow.
    """
    return known_on(session, runtime, token, needed).login


def known_on(session: Session, runtime: Runtime, token: str | None, needed: Role) -> Person:
    """The same with that person's role."""
    if not token or not token.strip():
        raise TokenNotAccepted(
            f"the token of an {needed} is needed: TRACKER_STAFF_TOKEN, or --token"
        )
    return recognise(session, runtime.settings.keys, token, needed)


def _account() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # an account without a name, as containers have
        return str(os.getuid())
