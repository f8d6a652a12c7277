"""What a member changes of how they sign in: password, number, address."""
