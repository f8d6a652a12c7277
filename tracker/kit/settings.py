"""Settings: the environment first, then what the running stack of a data folder says of itself."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from marshmallow import ValidationError, post_load

from tracker.kit import providers
from tracker.kit.clock import Clock, clock_from
from tracker.kit.countries import countries_from
from tracker.kit.crypto import Keyring, key_from
from tracker.kit.errors import Invalid, Unavailable
from tracker.kit.limits import Limit, limits_from, numbers_from
from tracker.kit.quiet import QuietHours, quiet_hours_from
from tracker.kit.setting_names import SettingNames
from tracker.kit.spans import spans_from

STACK_FILE = "stack.json"
"""In the data folder while `tracker up` runs there: setting names and values, mode 0600."""


class StackNotFound(Unavailable):
    """Neither DATABASE_URL nor a running stack was found."""

    code = "stack_not_found"


class SettingInvalid(Invalid):
    """A setting cannot be read."""

    code = "setting_invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that may differ between two deployments. Sums are kopecks, times seconds."""

    database_url: str = field(repr=False)
    """Logs in as the application: SELECT, INSERT, and UPDATE only where a table is state."""
    database_owner_url: str = field(repr=False)
    """Logs in as the owner of the schema; only migrations use it."""
    redis_url: str = field(repr=False)
    keys: Keyring = field(repr=False)
    """Seals what must be read back (numbers, addresses, webhook secrets) and keys the hashes of
    what is only compared (numbers, tokens, codes)."""
    public_url: str
    """Where members and shops reach the service: links in messages begin with it. With https,
    cookies are only ever sent over it."""
    proxies: int
    """How many proxies of ours stand before the service and tell the sender's address."""
    clock: Clock
    billing: str | Path
    """The address of the operator's billing, or a folder for registries."""
    billing_token: str = field(repr=False)
    billing_timeout: float
    billing_key_memory: int
    """How long the operator remembers our keys: past it nothing is sent again."""
    billing_lag: int
    """How long after a sending the operator's "not found" may still become something else."""
    billing_ask_after: tuple[int, ...]
    """When, after its first sending, a payout of unknown outcome is asked about."""
    billing_concurrency: int
    """How many batches may be with the operator at once."""
    billing_rate: int
    """Top-ups a second that the operator is sent at most."""
    billing_callback_token: str = field(repr=False)
    """What the operator shows when it calls us; empty: it does not."""
    sms: providers.SmsCentre = field(repr=False)
    sms_timeout: float
    """For a whole batch of messages, answers included; so is the one for mail."""
    mail: providers.MailServer = field(repr=False)
    mail_timeout: float
    quiet_hours: QuietHours | None
    """When what is not urgent is not sent to members."""
    captcha_work: int
    """Rounds of PBKDF2 for each of the 256 or so tries that a captcha takes."""
    sms_countries: frozenset[str]
    """To whose mobile numbers codes are sent."""
    sms_budgets: tuple[Limit, ...]
    """How many codes by SMS may be asked for; each of them costs money."""
    mail_budgets: tuple[Limit, ...]
    sign_in_budgets: tuple[Limit, ...]
    """How often it may be tried to sign in by a password."""
    number_trust_days: int
    """After so long without a proof a member's number may have become somebody else's."""
    welcome_bonus: int
    referral_reward: int
    """What a friend's first purchase brings whoever invited them."""
    referral_ceiling: int
    """What all friends of one member bring at most."""
    payout_minimum: int
    payout_cap: int | None
    settlement_auto_total: int
    """A month's run that comes to no more may approve itself; 0: none may."""
    settlement_auto_change: int
    """Percent by which such a run's total may differ from last month's."""
    alert_limits: Mapping[str, int]
    """Of conditions that somebody should look at, by their names: other limits than their own."""
    invoice_days: int
    """From the day of an invoice to the day it is due, where a shop has no terms of its own."""
    invoice_issuer: str
    """Who we are on invoices: name, address, tax number."""
    funding_limit: int
    """Kopecks that members may have of a shop's cashback before it pays, where it has no limit."""
    period_parked_days: int
    """A month is not closed over an event that has been parked for longer."""
    period_check_hours: int
    """How long a check that a month may be closed is good for."""
    report_export_hours: int
    """How long the file of a report can be fetched by whoever asked for it."""
    certificate_valid_days: int | None
    """How long a certificate is good after its day of issue; None: for ever."""
    certificate_void_limit: int
    """A certificate of no more may be voided by one of the staff alone."""
    credit_by_hand_limit: int
    """Kopecks of cashback that one of the staff credits by claims, alone, within a day."""
    certificate_per_day: int
    """Certificates that a member may order on a day."""
    certificate_sum_per_day: int
    certificate_review_from: int
    """From what sum on, in all, a member's first certificates wait for staff."""
    adjustment_max: int
    """What staff may give a member, or take, by one adjustment."""
    rate_change_limit: int
    """Basis points by which one of the staff may change a shop's rates alone."""
    proposal_days: int
    """How long what one of the staff proposed waits for another."""
    staff_token_days: int
    """How long an API token of staff lasts, unless said otherwise."""
    forecast_false_alarms: int
    """How often in a year, of all shops together, one may be called unlike itself by chance."""
    attribution_days: int
    webhook_rate: int
    """Webhooks a second that one shop may send to one web process before 429."""
    webhook_rate_total: int
    """Requests a second to the front door of one web process, whoever sends them, before 429."""
    door: str
    """What carries the front door's requests: one of DOORS."""
    log_level: str


class _SettingsSchema(SettingNames):
    """Reads them."""

    @post_load
    def build(self, values: dict[str, Any], **_: object) -> Settings:
        values["database_owner_url"] = values["database_owner_url"] or values["database_url"]
        former = values.pop("former_keys").replace(",", " ").split()
        values["keys"] = Keyring(
            _read("TRACKER_SECRET_KEY", key_from, values["keys"]),
            *(_read("TRACKER_FORMER_KEYS", key_from, one) for one in former),
        )
        values["public_url"] = values["public_url"].rstrip("/")
        values["clock"] = _read("TRACKER_CLOCK", clock_from, values["clock"])
        values["billing_ask_after"] = _read(
            "BILLING_ASK_AFTER", spans_from, values["billing_ask_after"]
        )
        values["billing"] = _read("BILLING_URL", providers.billing_from, values["billing"])
        values["sms"] = _read("SMS_URL", providers.sms_centre_from, values["sms"])
        values["mail"] = _read("MAIL_URL", providers.mail_server_from, values["mail"])
        values["quiet_hours"] = _read("QUIET_HOURS", quiet_hours_from, values["quiet_hours"])
        values["sms_countries"] = _read("SMS_COUNTRIES", countries_from, values["sms_countries"])
        values["alert_limits"] = _read("ALERT_LIMITS", numbers_from, values["alert_limits"])
        for name in ("sms_budgets", "mail_budgets", "sign_in_budgets"):
            to_whom = ("mailbox",) if name == "mail_budgets" else ("number", "prefix")
            known = (*to_whom, "address", "all")
            values[name] = _read(name.upper(), partial(limits_from, known=known), values[name])
        return Settings(**values)


def load_settings(environ: Mapping[str, str], data: Path) -> Settings:
    """The settings of this process.

    Raises StackNotFound when nothing says where the database is, SettingInvalid when a value
    cannot be read.
    """
    merged = {**_stack(data), **environ}
    if not merged.get("DATABASE_URL"):
        raise StackNotFound(
            f"no stack runs in {data}: start one with `tracker up`, name its folder with --data, "
            "or set DATABASE_URL and REDIS_URL"
        )
    try:
        settings: Settings = _SettingsSchema().load(merged)
    except ValidationError as error:
        faults = {name: " ".join(map(str, said)) for name, said in error.messages_dict.items()}
        text = "; ".join(f"{name}: {said}" for name, said in faults.items())
        raise SettingInvalid(text, fields=faults) from error
    return settings


def _read(name: str, parse: Any, text: str) -> Any:
    try:
        return parse(text)
    except ValueError as error:
        raise ValidationError({name: [str(error)]}) from error


def _stack(data: Path) -> dict[str, str]:
    path = data / STACK_FILE
    try:
        found = json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError) as error:
        raise SettingInvalid(f"{path} cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise SettingInvalid(f"{path} is not a JSON object")
    return {str(name): str(value) for name, value in found.items()}
