"""What finance reads by both clocks: one description of each report, every kind of file from it."""
