"""A format's sections as `kit` walks through them, with pointers into an event besides. Pure."""

from tracker.kit.formats import sections
from webhooks.mapping.pointer import Pointer, parse


class Section(sections.Section):
    """One object of a mapping."""

    def pointer(self, name: str) -> Pointer | None:
        """Where a field stands; None where the mapping does not say."""
        found = self.value(name)
        if found is None:
            return None
        if not isinstance(found, str):
            self.fault(name, "must be a JSON Pointer in a string")
            return None
        try:
            return parse(found)
        except ValueError as error:
            self.fault(name, str(error))
            return None

    def needed(self, name: str) -> Pointer:
        """Where a field stands that must be mapped."""
        self.required(name)
        return self.pointer(name) or NOWHERE

    def pointer_or(self, name: str, word: str) -> Pointer | None:
        """Where a field stands; None for the one word that says that it stands nowhere."""
        found = self.required(name)
        if found in (None, word):
            return None
        if not isinstance(found, str) or not found.startswith("/"):
            self.fault(name, f'must be a JSON Pointer, or "{word}"')
            return None
        return self.pointer(name)


NOWHERE = Pointer("", ())
"""What stands for a pointer that is at fault."""
