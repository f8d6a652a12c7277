"""What comes to the door, counted for each shop and hour: for alarms and for a shop's health."""
