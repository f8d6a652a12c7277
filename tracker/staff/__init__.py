"""Staff: who may do what, proved by a bearer token. Below every room that has a staff_api."""
