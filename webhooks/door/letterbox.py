"""A request as Flask has it becomes a letter, read up to a limit."""

from flask import request

from webhooks.door.reception import MAX_BODY
from webhooks.errors import BodyTooLarge, MediaNotTaken
from webhooks.wire.letters import Letter


def letter(limit: int) -> Letter:
    """The letter of this request. Raises BodyTooLarge, and MediaNotTaken for what nobody reads."""
    if (request.content_length or 0) > MAX_BODY:
        raise BodyTooLarge(limit)
    # One byte more, or a longer body without a length would be cut at the limit unnoticed.
    request.max_content_length = MAX_BODY + 1
    # Read before it is refused: who is still sending would see a broken connection, not the answer.
    body = request.get_data(cache=False)
    if len(body) > limit:
        raise BodyTooLarge(limit)
    headers = {name.lower(): value for name, value in request.headers.items()}
    found = Letter(request.method, headers, request.query_string, body)
    if found.content is None:
        raise MediaNotTaken
    return found
