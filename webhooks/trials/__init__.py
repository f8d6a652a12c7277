"""Trials: test traffic of shops, by secrets of its own: judged case by case and never booked."""
