"""The composition root, in pieces: what a process is made of. Only `wsgi` imports it."""
