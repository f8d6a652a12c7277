"""`tracker staff …`, and the option by which other commands learn who is acting."""

import getpass
import os

import click
from sqlalchemy.orm import Session

from tracker.kit.cli import json_option, runtime_of, show, word_of
from tracker.kit.database import unit_of_work
from tracker.kit.runtime import Runtime
from tracker.staff.rules import Role, TokenNotAccepted
from tracker.staff.service import Person, hire, recognise

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


@click.group("staff")
def commands() -> None:
    """The finance team."""


@commands.command("add")
@click.argument("login")
@click.option("--role", type=word_of(Role), required=True)
@json_option
@click.pass_context
def add(ctx: click.Context, login: str, role: str, as_json: bool) -> None:
    """Add a staff member and print an API token, once."""
    runtime = runtime_of(ctx)
    with unit_of_work(runtime.engine) as session:
        token = hire(session, runtime.settings.keys, login, Role(role))
    show({"login": login, "role": role, "token": token}, as_json=as_json)
