"""The front door: what decides on a request, and the two transports that carry requests to it."""
