"""A server for one page, on this machine alone."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from sgdmem.symbolic.errors import InputError, shown

_HOST = "127.0.0.1"
_OWN_HOST = re.compile(
    r"(127\.0\.0\.1|localhost)(:[0-9]{1,5})?", re.IGNORECASE
)  # any port: tunnels
_PATIENCE = 10  # seconds, with a request that does not come to an end


def require_port(port: Any) -> None:
    """Raise `InputError` for a port that is not an integer from 0 to 65535."""
    if isinstance(port, bool) or not isinstance(port, int) or not 0 <= port <= 65535:
        raise InputError(f"port must be an integer from 0 to 65535, got {shown(port)}")


class _Server(ThreadingHTTPServer):
    def handle_error(self, *arguments: Any) -> None:
        """Readers that go before they have the whole page are no news."""


def page_server(page: str, port: int) -> ThreadingHTTPServer:
    """Return a server that answers ``/`` with a page; nothing beyond this machine can reach it.

    Raises
    ------
    InputError
        For a port that is not from 0 to 65535, or not free.
    """
    require_port(port)
    content = page.encode()

    class Handler(BaseHTTPRequestHandler):
        timeout = _PATIENCE

        def do_GET(self) -> None:
            self._answer(with_body=True)

        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def _answer(self, with_body: bool) -> None:
            found = self.path.split("?")[0] in ("/", "/index.html")
            status, body = HTTPStatus.OK, content
            if not _is_ours(self.headers.get_all("Host", [])):
                status, body = HTTPStatus.MISDIRECTED_REQUEST, b"not a name of this machine"
            elif not found:
                status, body = HTTPStatus.NOT_FOUND, b"not found"
            kind = "html" if status == HTTPStatus.OK else "plain"
            self.send_response(status)
            self.send_header("Content-Type", f"text/{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("X-Content-Type-Options", "nosniff")
            self.end_headers()
            if with_body:
                self.wfile.write(body)

        def log_message(self, *arguments: Any) -> None:
            """Requests are no news."""

    try:
        return _Server((_HOST, port), Handler)
    except OSError as error:
        raise InputError(f"port {port} cannot be used: {error.strerror}") from None


def _is_ours(hosts: Sequence[str]) -> bool:
    """Whether a request names this machine.

    A page of another site could have its own name point here, and then read what it is answered.
    The port may be another one: that of a tunnel.

    Examples
    --------
    >>> _is_ours(["localhost:8000"]), _is_ours(["example.org:8000"])
    (True, False)
    """
    return len(hosts) == 1 and _OWN_HOST.fullmatch(hosts[0]) is not None


def serve_page(
    page: str, port: int, tell: Callable[[str], object] = lambda text: sys.stdout.write(text + "\n")
) -> None:
    """Serve a page until interrupted; ``tell`` is given its address."""
    with page_server(page, port) as server:
        tell(f"http://{_HOST}:{server.server_port}/ (Ctrl-C ends it)")
        sys.stdout.flush()
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return
