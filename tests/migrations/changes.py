"""Which columns of each table are state, that the application changes."""

from tests.migrations.partners_changes import PARTNERS
from tests.migrations.savings_changes import SAVINGS

ALL_OF_IT = frozenset({"*"})
NONE: frozenset[str] = frozenset()

CHANGES: dict[str, frozenset[str]] = {
    "ledger_transactions": NONE,
    "ledger_entries": NONE,
    "closed_periods": NONE,
    "period_checks": frozenset({"finished_at", "obstacles"}),
    "period_documents": NONE,
    **PARTNERS,
    "alert_conditions": ALL_OF_IT,
    "alerts": ALL_OF_IT,
    "member_balances": NONE,
    "ledger_rollups": NONE,
    "ledger_rolled_days": NONE,
    "report_exports": frozenset(
        {
            "state",
            "tries",
            "fence",
            "lease_until",
            "seen_at",
            "lines",
            "bytes",
            "sha256",
            "reason",
            "finished_at",
            "expires_at",
        }
    ),
    "report_export_pieces": NONE,
    "clicks": NONE,
    "purchase_lines": NONE,
    "purchase_returns": NONE,
    "purchase_return_lines": NONE,
    "audit_entries": NONE,
    "audit_chain": NONE,
    "audit_waiting": NONE,
    "audit_heads": NONE,
    "inbox_bodies": NONE,
    "inbox_bodies_kept": NONE,
    "inbox_conflicts": NONE,
    "shop_dialects": NONE,
    "catalogue_version": NONE,
    "door_alarms": NONE,
    "trial_events": NONE,
    "trials": frozenset({"closed_at"}),
    "door_counts": frozenset({"count", "first_at", "last_at"}),
    "members": ALL_OF_IT,
    "numbers": frozenset({"sealed", "hash", "hash_mark", "proved_at", "ended_at", "end_reason"}),
    "sessions": ALL_OF_IT,
    "member_passwords": frozenset({"hash", "changed_at"}),
    "one_time_codes": frozenset(
        {
            "destination_hash",
            "code_hash",
            "asked",
            "attempts",
            "resend_at",
            "expires_at",
            "used_at",
        }
    ),
    "budget_counts": frozenset({"window_start", "count"}),
    "used_captchas": NONE,
    "joinings": frozenset(
        {
            "step",
            "phone_sealed",
            "email_sealed",
            "referral_sealed",
            "phone_proved_at",
            "email_proved_at",
        }
    ),
    "relatives": frozenset({"label_sealed", "place", "fixed", "share_bp"}),
    "claims": frozenset(
        {
            "note_sealed",
            "state",
            "outcome",
            "purchase_id",
            "decided_by",
            "look_at",
            "closed_at",
        }
    ),
    "claim_files": frozenset({"sealed"}),
    "staff": frozenset({"role", "active", "let_in_by", "shut_out_at"}),
    "staff_tokens": frozenset({"token_hash", "last_used_at", "revoked_at"}),
    "staff_sessions": frozenset({"token_hash", "seen_at", "ended_at"}),
    "staff_credentials": frozenset(
        {"totp_sealed", "totp_step", "password_hash", "confirmed_at", "ended_at"}
    ),
    "shops": ALL_OF_IT,
    "offers": ALL_OF_IT,
    "purchases": ALL_OF_IT,
    "purchase_flags": frozenset({"reviewed_at", "reviewed_by", "note"}),
    "welcome_bonuses": ALL_OF_IT,
    "referral_rewards": frozenset(
        {
            "state",
            "purchase_id",
            "carried_at",
            "suspicions",
            "decision",
            "changed_at",
            "revision",
            "tracked_reference",
            "confirmed_reference",
        }
    ),
    "control_totals": ALL_OF_IT,
    "forecasts": frozenset({"made_at", "purchases", "members", "one_in"}),
    "forecast_costs": NONE,
    "forecast_curves": ALL_OF_IT,
    "forecast_watches": ALL_OF_IT,
    "settlement_runs": frozenset(
        {
            "state",
            "considered_at",
            "paused_by",
            "pause_reason",
            "approved_by",
            "approved_at",
            "started_at",
            "done_at",
            "closed_at",
        }
    ),
    "number_checks": frozenset({"served", "checked_at"}),
    **SAVINGS,
    "adjustments": NONE,
    "proposals": frozenset({"state", "decided_by", "decision_reason"}),
    "settlement_slots": frozenset({"fence", "lease_until", "next_at"}),
    "sealed_chunks": NONE,
    "settlement_bridges": NONE,
    "settlement_bridge_lines": NONE,
    "settlement_booked_sums": NONE,
    "settlement_watch": frozenset(
        {
            "since",
            "pulse_at",
            "pulse_business_at",
            "database_mark",
            "guarded_since",
            "guarded_at",
            "guard_reason",
            "held_by",
        }
    ),
    "operator_statements": frozenset(
        {"state", "lines", "total", "lease_until", "fetched_at", "compared_at"}
    ),
    "statement_lines": frozenset({"payout_id", "number_matches"}),
    "settlement_findings": frozenset(
        {
            "payout_id",
            "period",
            "day",
            "ours",
            "theirs",
            "detail",
            "state",
            "owner",
            "explanation",
            "opened_at",
            "closed_at",
        }
    ),
    "shop_statement_formats": NONE,
    "shop_statement_parts": frozenset({"sealed"}),
    "shop_statement_lines": NONE,
    "shop_statements": frozenset(
        {
            "state",
            "sha256",
            "size",
            "progress",
            "lines",
            "refused_lines",
            "ignored_lines",
            "total",
            "why",
            "faults",
            "figures",
            "matches",
            "failures",
            "fence",
            "lease_until",
            "uploaded_by",
            "read_at",
            "matched_at",
        }
    ),
    "partner_findings": frozenset(
        {
            "statement_id",
            "match_no",
            "line",
            "purchase_id",
            "our_order_id",
            "our_amount",
            "their_amount",
            "our_word",
            "their_word",
            "our_commission",
            "their_commission",
            "ordered_at",
            "click_id",
            "commission_effect",
            "cashback_effect",
            "state",
            "decision",
            "reason",
            "decided_by",
            "decided_at",
            "effective_at",
            "outcome",
            "ended_at",
        }
    ),
    "webhook_secrets": frozenset({"sealed", "valid_until", "revoked_at", "last_used_at"}),
    "inbox_events": frozenset(
        {
            "state",
            "attempts",
            "fence",
            "lease_until",
            "handled_at",
            "notices_done",
            "parked_reason",
            "parked_detail",
        }
    ),
    "notifications": frozenset(
        {
            "channel",
            "sealed",
            "state",
            "try_at",
            "tries",
            "lost",
            "fence",
            "lease_until",
            "reference",
            "reason",
            "ended_at",
        }
    ),
    "payouts": frozenset(
        {
            "state",
            "fence",
            "lease_until",
            "sent_at",
            "sent_again_at",
            "accepted_at",
            "request_hash",
            "asked",
            "ask_at",
            "reference",
            "paid_at",
            "reason",
            "ended_at",
        }
    ),
}
"""Which columns of each table the application may UPDATE."""
