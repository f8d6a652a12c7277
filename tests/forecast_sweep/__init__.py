"""Forecasts against generated shops and members of which the truth is known."""
