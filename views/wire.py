"""A request as it comes off the wire: what a server lets through, made safe to read."""

from string import printable
from typing import Any
from urllib.parse import quote_from_bytes

from flask import Request


class WireRequest(Request):
    """A request that is read as it should have been sent."""

    def __init__(self, environ: dict[str, Any], **options: Any) -> None:
        """Take it from the server.

        Granian says that a body simply ends, also where the connection was lost in the middle of it: half of a form
        would be taken for the whole. So its length counts (400 when less comes), and a body without one is none.
        """
        environ.pop("wsgi.input_terminated", None)
        super().__init__(environ, **options)
        if not self.query_string.isascii():  # raw bytes, which Werkzeug decodes without asking whether it can
            self.query_string = quote_from_bytes(self.query_string, safe=printable).encode()
