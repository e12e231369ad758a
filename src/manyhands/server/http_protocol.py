"""How requests are read off a connection: uvicorn's fastest parser, with a bound on what it keeps."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HEAD_BYTES = 65_536


class BoundedHttpProtocol(HttpToolsProtocol):
    """Refuses a request whose address and headers never end.

    The parser keeps them in memory till they are complete, and neither it nor uvicorn has a limit. Bodies are
    handed on piece by piece, so the guard bounds them.
    """

    _unread_bytes = 0

    def data_received(self, data: bytes) -> None:
        """Read what arrived; up to one piece more than the limit may have been kept."""
        self._unread_bytes += len(data)
        super().data_received(data)
        if self._unread_bytes > MOST_HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("The request's headers are too long.")

    def on_message_begin(self) -> None:
        """Begin to count with each request."""
        self._unread_bytes = 0
        super().on_message_begin()

    def on_body(self, body: bytes) -> None:
        """Begin again after the body, which lines like headers may follow."""
        self._unread_bytes = 0
        super().on_body(body)
