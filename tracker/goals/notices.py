"""What members are told of goals. Pure."""

from tracker.notifications.contracts import Kind, Notice


def reached_notice(goal_id: int, member_id: int, target: int) -> Notice:
    """Once for each goal and sum: one that falls below and is full again is no news."""
    return Notice(
        member_id, Kind.GOAL_REACHED, f"goal:{goal_id}:reached:{target}", {"amount": target}
    )
