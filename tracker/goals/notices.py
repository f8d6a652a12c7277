"""What members are told of goals. Pure."""

from tracker.notifications.contracts import Kind, Notice


def reached_notice(goal_id: int, member_id: int, target: int, spendings: int) -> Notice:
    """Once for each goal and sum, and anew once it paid for a certificate: one that only falls
    below and is full again is no news."""
    key = f"goal:{goal_id}:reached:{target}:{spendings}"
    return Notice(member_id, Kind.GOAL_REACHED, key, {"amount": target})
