"""A server for one page, on this machine alone."""

from __future__ import annotations

import sys
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from sgdmem.symbolic.errors import InputError, shown

_HOST = "127.0.0.1"


def require_port(port: Any) -> None:
    """Raise `InputError` for a port that is not an integer from 0 to 65535."""
    if isinstance(port, bool) or not isinstance(port, int) or not 0 <= port <= 65535:
        raise InputError(f"port must be an integer from 0 to 65535, got {shown(port)}")


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
        def do_GET(self) -> None:
            found = self.path.split("?")[0] in ("/", "/index.html")
            body = content if found else b"not found"
            self.send_response(HTTPStatus.OK if found else HTTPStatus.NOT_FOUND)
            self.send_header("Content-Type", f"text/{'html' if found else 'plain'}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: Any) -> None:
            """Requests are no news."""

    try:
        return ThreadingHTTPServer((_HOST, port), Handler)
    except OSError as error:
        raise InputError(f"port {port} cannot be used: {error.strerror}") from None


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
