"""One file for each wire shape: bytes become a partner's notice, or a clear fault. Pure."""
