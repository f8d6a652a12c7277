"""What somebody should look at: conditions, each looked at by workers now and then."""
