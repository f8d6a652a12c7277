"""The names of settings as an operator sees them, their defaults, and what they may be."""

from marshmallow import EXCLUDE, Schema, fields, validate

DOORS = ("loop", "threads")
"""An event loop, or a thread for each request."""

_POSITIVE = validate.Range(min=0, min_inclusive=False)
_NOT_NEGATIVE = validate.Range(min=0)
_A_SECOND = validate.Range(min=1, max=1_000_000)
_POSTGRESQL = validate.Regexp(
    r"postgres(ql)?(\+psycopg)?://", error="Must begin with postgresql://."
)
_POSTGRESQL_OR_NONE = validate.Regexp(
    r"(postgres(ql)?(\+psycopg)?://|$)", error="Must begin with postgresql://."
)
_WEB = validate.Regexp(
    r"https?://[^/?#@\s]+/?$", error="Must be http:// or https:// and a host, without a path."
)
_REDIS = validate.Regexp(
    "(redis|rediss|unix)://", error="Must begin with redis://, rediss:// or unix://."
)


class SettingNames(Schema):
    """Texts, as the environment has them; what is more than a text or a number is read later."""

    class Meta:
        unknown = EXCLUDE

    database_url = fields.String(data_key="DATABASE_URL", required=True, validate=_POSTGRESQL)
    database_owner_url = fields.String(
        data_key="DATABASE_OWNER_URL", load_default="", validate=_POSTGRESQL_OR_NONE
    )
    redis_url = fields.String(
        data_key="REDIS_URL", load_default="redis://127.0.0.1:6379/0", validate=_REDIS
    )
    keys = fields.String(data_key="TRACKER_SECRET_KEY", required=True)
    former_keys = fields.String(data_key="TRACKER_FORMER_KEYS", load_default="")
    public_url = fields.String(
        data_key="PUBLIC_URL", load_default="http://127.0.0.1:8000", validate=_WEB
    )
    proxies = fields.Integer(
        data_key="TRACKER_PROXIES", load_default=0, validate=validate.Range(0, 10)
    )
    clock = fields.String(data_key="TRACKER_CLOCK", load_default="")
    billing = fields.String(data_key="BILLING_URL", load_default="http://127.0.0.1:8090")
    billing_token = fields.String(data_key="BILLING_TOKEN", load_default="")
    billing_timeout = fields.Float(
        data_key="BILLING_TIMEOUT", load_default=10.0, validate=_POSITIVE
    )
    billing_key_memory = fields.Integer(
        data_key="BILLING_KEY_MEMORY", load_default=86_400, validate=_NOT_NEGATIVE
    )
    billing_lag = fields.Integer(data_key="BILLING_LAG", load_default=120, validate=_NOT_NEGATIVE)
    billing_ask_after = fields.String(
        data_key="BILLING_ASK_AFTER", load_default="1m,5m,1h,1d,2d,3d,4d,5d"
    )
    billing_concurrency = fields.Integer(
        data_key="BILLING_CONCURRENCY", load_default=4, validate=validate.Range(1, 100)
    )
    billing_rate = fields.Integer(
        data_key="BILLING_RATE", load_default=10_000, validate=validate.Range(1, 1_000_000)
    )
    billing_callback_token = fields.String(data_key="BILLING_CALLBACK_TOKEN", load_default="")
    sms = fields.String(
        data_key="SMS_URL", load_default="smpp://tracker:tracker@127.0.0.1:2775?source=CLUB"
    )
    sms_timeout = fields.Float(data_key="SMS_TIMEOUT", load_default=10.0, validate=_POSITIVE)
    mail = fields.String(
        data_key="MAIL_URL", load_default="smtp://127.0.0.1:1025?from=club@localhost&tls=none"
    )
    mail_timeout = fields.Float(data_key="MAIL_TIMEOUT", load_default=10.0, validate=_POSITIVE)
    quiet_hours = fields.String(data_key="QUIET_HOURS", load_default="22:00-09:00")
    captcha_work = fields.Integer(
        data_key="CAPTCHA_WORK", load_default=5_000, validate=validate.Range(1, 1_000_000)
    )
    sms_countries = fields.String(
        data_key="SMS_COUNTRIES", load_default="RU,AM,AZ,BY,GE,KG,KZ,MD,TJ,UA,UZ"
    )
    sms_budgets = fields.String(
        data_key="SMS_BUDGETS",
        load_default="number=5/h,number=10/d,prefix=100/h,address=100/h,all=5000/h",
    )
    mail_budgets = fields.String(
        data_key="MAIL_BUDGETS", load_default="mailbox=5/h,mailbox=10/d,address=100/h,all=5000/h"
    )
    sign_in_budgets = fields.String(
        data_key="SIGN_IN_BUDGETS", load_default="number=10/h,prefix=2000/h,address=1000/h"
    )
    number_trust_days = fields.Integer(
        data_key="NUMBER_TRUST_DAYS", load_default=60, validate=_POSITIVE
    )
    welcome_bonus = fields.Integer(
        data_key="WELCOME_BONUS", load_default=20_000, validate=_NOT_NEGATIVE
    )
    referral_reward = fields.Integer(
        data_key="REFERRAL_REWARD", load_default=20_000, validate=_NOT_NEGATIVE
    )
    referral_ceiling = fields.Integer(
        data_key="REFERRAL_CEILING", load_default=100_000, validate=_NOT_NEGATIVE
    )
    payout_minimum = fields.Integer(data_key="PAYOUT_MINIMUM", load_default=100, validate=_POSITIVE)
    payout_cap = fields.Integer(
        data_key="PAYOUT_CAP", load_default=None, allow_none=True, validate=_POSITIVE
    )
    settlement_auto_total = fields.Integer(
        data_key="SETTLEMENT_AUTO_TOTAL", load_default=0, validate=_NOT_NEGATIVE
    )
    settlement_auto_change = fields.Integer(
        data_key="SETTLEMENT_AUTO_CHANGE", load_default=20, validate=_NOT_NEGATIVE
    )
    alert_limits = fields.String(data_key="ALERT_LIMITS", load_default="")
    invoice_days = fields.Integer(
        data_key="INVOICE_DAYS", load_default=14, validate=validate.Range(0, 180)
    )
    invoice_issuer = fields.String(data_key="INVOICE_ISSUER", load_default="")
    funding_limit = fields.Integer(
        data_key="FUNDING_LIMIT", load_default=100_000_000, validate=_NOT_NEGATIVE
    )
    period_parked_days = fields.Integer(
        data_key="PERIOD_PARKED_DAYS", load_default=3, validate=validate.Range(0, 365)
    )
    period_check_hours = fields.Integer(
        data_key="PERIOD_CHECK_HOURS", load_default=24, validate=validate.Range(1, 24 * 31)
    )
    certificate_valid_days = fields.Integer(
        data_key="CERTIFICATE_VALID_DAYS",
        load_default=None,
        allow_none=True,
        validate=validate.Range(1, 36_500),
    )
    certificate_void_limit = fields.Integer(
        data_key="CERTIFICATE_VOID_LIMIT", load_default=500_000, validate=_NOT_NEGATIVE
    )
    credit_by_hand_limit = fields.Integer(
        data_key="CREDIT_BY_HAND_LIMIT", load_default=500_000, validate=_NOT_NEGATIVE
    )
    certificate_per_day = fields.Integer(
        data_key="CERTIFICATE_PER_DAY", load_default=10, validate=_NOT_NEGATIVE
    )
    certificate_sum_per_day = fields.Integer(
        data_key="CERTIFICATE_SUM_PER_DAY", load_default=16_000_000, validate=_NOT_NEGATIVE
    )
    report_export_hours = fields.Integer(
        data_key="REPORT_EXPORT_HOURS", load_default=72, validate=validate.Range(1, 8_760)
    )
    certificate_review_from = fields.Integer(
        data_key="CERTIFICATE_REVIEW_FROM", load_default=1_000_000, validate=_NOT_NEGATIVE
    )
    adjustment_max = fields.Integer(
        data_key="ADJUSTMENT_MAX", load_default=5_000_000, validate=_POSITIVE
    )
    rate_change_limit = fields.Integer(
        data_key="RATE_CHANGE_LIMIT", load_default=300, validate=validate.Range(0, 10_000)
    )
    proposal_days = fields.Integer(
        data_key="PROPOSAL_DAYS", load_default=7, validate=validate.Range(1, 90)
    )
    staff_token_days = fields.Integer(
        data_key="STAFF_TOKEN_DAYS", load_default=365, validate=validate.Range(1, 3650)
    )
    forecast_false_alarms = fields.Integer(
        data_key="FORECAST_FALSE_ALARMS", load_default=4, validate=validate.Range(1, 1_000)
    )
    attribution_days = fields.Integer(
        data_key="ATTRIBUTION_DAYS", load_default=30, validate=_POSITIVE
    )
    webhook_rate = fields.Integer(data_key="WEBHOOK_RATE", load_default=300, validate=_A_SECOND)
    webhook_rate_total = fields.Integer(
        data_key="WEBHOOK_RATE_TOTAL", load_default=10_000, validate=_A_SECOND
    )
    door = fields.String(
        data_key="TRACKER_DOOR", load_default="loop", validate=validate.OneOf(DOORS)
    )
    log_level = fields.String(
        data_key="LOG_LEVEL",
        load_default="INFO",
        validate=validate.OneOf(["DEBUG", "INFO", "WARNING", "ERROR"]),
    )
