"""What a real server says of itself."""

import http.client

from tests.concurrency.server import Server


def test_no_answer_tells_which_program_serves(server: Server) -> None:
    for path in ("/login", "/nowhere", "/health/live", "/favicon.ico"):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        connection.request("GET", path)
        assert connection.getresponse().headers.get_all("Server") == ["-"], path
        connection.close()
