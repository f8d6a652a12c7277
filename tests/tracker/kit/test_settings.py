"""Settings: the environment first, then the running stack's file; every fault by its name."""

import base64
import json
from pathlib import Path

import pytest

from tracker.kit.clock import ScaledClock, SystemClock
from tracker.kit.crypto import Keyring, new_key
from tracker.kit.settings import STACK_FILE, SettingInvalid, StackNotFound, load_settings

KEY = new_key()
ENOUGH = {"DATABASE_URL": "postgresql://app@/tracker", "TRACKER_SECRET_KEY": KEY}


def stack(folder: Path, text: str) -> Path:
    (folder / STACK_FILE).write_text(text)
    return folder


def test_defaults_are_the_programmes(tmp_path: Path) -> None:
    settings = load_settings(ENOUGH, tmp_path)
    assert settings.welcome_bonus == 20_000
    assert settings.payout_minimum == 100
    assert settings.payout_cap is None
    assert settings.attribution_days == 30
    assert settings.database_owner_url == settings.database_url
    assert settings.keys.mark == Keyring(base64.urlsafe_b64decode(KEY)).mark
    assert isinstance(settings.clock, SystemClock)


def test_the_environment_goes_before_the_stack(tmp_path: Path) -> None:
    told = {**ENOUGH, "WELCOME_BONUS": "1", "PAYOUT_CAP": "150000", "LOG_LEVEL": "DEBUG"}
    settings = load_settings({"WELCOME_BONUS": "2"}, stack(tmp_path, json.dumps(told)))
    assert (settings.welcome_bonus, settings.payout_cap) == (2, 150_000)
    assert settings.log_level == "DEBUG"


def test_numbers_in_the_stacks_file_are_read_as_well(tmp_path: Path) -> None:
    told = stack(tmp_path, json.dumps({**ENOUGH, "WEBHOOK_RATE": 7}))
    assert load_settings({}, told).webhook_rate == 7


def test_the_clock_may_run_fast(tmp_path: Path) -> None:
    text = "2010-12-20T00:00:00+03:00 x86400 @1732270000.5"
    clock = load_settings({**ENOUGH, "TRACKER_CLOCK": text}, tmp_path).clock
    assert isinstance(clock, ScaledClock)
    assert str(clock) == text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://somewhere"),
        ("DATABASE_URL", "tracker"),
        ("DATABASE_OWNER_URL", "tracker"),
        ("REDIS_URL", "127.0.0.1:6379"),
        ("REDIS_URL", ""),
        ("TRACKER_SECRET_KEY", ""),
        ("TRACKER_SECRET_KEY", "short"),
        ("TRACKER_SECRET_KEY", "ключ"),
        ("TRACKER_SECRET_KEY", base64.urlsafe_b64encode(b"x" * 31).decode()),
        ("TRACKER_FORMER_KEYS", "short"),
        ("PUBLIC_URL", "club.example"),
        ("PUBLIC_URL", "https://club.example/path"),
        ("TRACKER_PROXIES", "-1"),
        ("TRACKER_CLOCK", "noon"),
        ("TRACKER_CLOCK", "2010-12-20T00:00:00 x1 @0"),
        ("BILLING_URL", "billing.example"),
        ("BILLING_URL", "registry://files"),
        ("BILLING_TIMEOUT", "0"),
        ("BILLING_TIMEOUT", "soon"),
        ("BILLING_TIMEOUT", "nan"),
        ("BILLING_KEY_MEMORY", "-1"),
        ("SMS_URL", "smpp://club@smsc.example"),
        ("SMS_TIMEOUT", "0"),
        ("MAIL_URL", "smtp://mail.example"),
        ("MAIL_TIMEOUT", "soon"),
        ("WELCOME_BONUS", "-1"),
        ("WELCOME_BONUS", "200.00"),
        ("PAYOUT_MINIMUM", "0"),
        ("PAYOUT_CAP", "0"),
        ("ATTRIBUTION_DAYS", "0"),
        ("WEBHOOK_RATE", "0"),
        ("LOG_LEVEL", "LOUD"),
    ],
)
def test_each_fault_is_told_by_the_name_of_the_setting(
    tmp_path: Path, name: str, value: str
) -> None:
    with pytest.raises(SettingInvalid) as caught:
        load_settings({**ENOUGH, name: value}, tmp_path)
    assert set(caught.value.fields) == {name}
    assert name in caught.value.detail


def test_several_faults_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingInvalid) as caught:
        load_settings({**ENOUGH, "WEBHOOK_RATE": "x", "LOG_LEVEL": "x"}, tmp_path)
    assert set(caught.value.fields) == {"WEBHOOK_RATE", "LOG_LEVEL"}


def test_the_key_is_not_repeated_in_what_is_said_about_it(tmp_path: Path) -> None:
    with pytest.raises(SettingInvalid) as caught:
        load_settings({**ENOUGH, "TRACKER_SECRET_KEY": "my-secret"}, tmp_path)
    assert "my-secret" not in caught.value.detail


def test_without_a_database_one_is_told_how_to_name_it(tmp_path: Path) -> None:
    for environ in ({}, {"DATABASE_URL": ""}, {"REDIS_URL": "redis://x"}):
        with pytest.raises(StackNotFound, match="tracker up"):
            load_settings(environ, tmp_path / "nowhere")


@pytest.mark.parametrize("text", ["", "{", "[]", '"x"', "null"])
def test_a_stacks_file_that_is_no_object_is_told_of(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingInvalid, match=STACK_FILE):
        load_settings(ENOUGH, stack(tmp_path, text))


def test_a_data_folder_may_be_anything(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert load_settings(ENOUGH, file).welcome_bonus == 20_000


def test_secrets_are_not_shown_with_the_settings(tmp_path: Path) -> None:
    """What is shown of settings ends in tracebacks and in the output of failed tests."""
    told = {
        **ENOUGH,
        "DATABASE_URL": "postgresql://app:hush1@/tracker",
        "DATABASE_OWNER_URL": "postgresql://owner:hush2@/tracker",
        "REDIS_URL": "redis://:hush3@localhost",
        "BILLING_TOKEN": "hush4",
        "SMS_URL": "smpp://club:hush5@h?source=X",
        "MAIL_URL": "smtp://club:hush6@h?from=a@b",
    }
    settings = load_settings(told, tmp_path)
    assert "hush" not in repr(settings)
    assert "keys=" not in repr(settings)
    assert KEY not in repr(settings)
