"""The devices that a member is signed in on."""
