"""Clicks: who was promised which terms, where and when. Written once, never changed."""
