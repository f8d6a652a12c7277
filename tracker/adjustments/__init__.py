"""Money that staff give members, take from them or forgive them: always by two people."""
