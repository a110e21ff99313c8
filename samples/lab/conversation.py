"""Both ends of one TCP connection in one process: the scenario says who does what, in order."""
import socket
import struct
import time

from segment import endpoint

TCP_REPAIR = 19

LINGER_ZERO = struct.pack("ii", 1, 0)


def http_request(path="/api/v1/orders/1842", host="orders.shop.svc", body=b"", method=None):
    head = f"{method or ('POST' if body else 'GET')} {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: okhttp/4.12.0\r\n"
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


def http_response(body=b'{"id":1842,"state":"packed"}', length=None, status="200 OK"):
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body) if length is None else length}\r\n\r\n"
    return head.encode() + body


class Connection:
    """The sockets of both ends (`server` is None until accepted), its views and its declared end."""

    def __init__(self, client, target, role):
        self.client, self.target, self.role = client, target, role
        self.server, self.also, self.ended = None, None, None
        self.client_end = endpoint(*client.getsockname()[:2])
        self.server_end = endpoint(*target)
        self.upstream_client_end = self.upstream_server_end = None
        self.occurrence = dict(client=1, upstream=1)

    def accepted(self, server):
        self.server = server
        self.upstream_client_end = endpoint(*server.getpeername()[:2])
        self.upstream_server_end = endpoint(*server.getsockname()[:2])

    def view(self, side):
        ends = (self.client_end, self.server_end) if side == "client" else (self.upstream_client_end, self.upstream_server_end)
        return None if None in ends else dict(client=ends[0], server=ends[1], occurrence=self.occurrence[side])

    def end(self, class_, first_rst_by="none", first_close_by=None, cause="healthy", **more):
        """Declares how it ended; called by the scenario that made it end so. None: read it from the packets before the clocks are shifted."""
        self.ended = dict(more, **{"class": class_}, first_rst_by=first_rst_by, first_close_by=first_close_by, cause=cause)
        return self

    def exchange(self, request=None, response=None):
        """One request and its response, both read to the end."""
        request, response = request or http_request(), response or http_response()
        self.client.sendall(request)
        read_exactly(self.server, len(request))
        self.server.sendall(response)
        read_exactly(self.client, len(response))
        return self

    def close_orderly(self, first):
        """`first` closes, the other side sees the end of file and closes."""
        one, two = (self.client, self.server) if first == "client" else (self.server, self.client)
        one.shutdown(socket.SHUT_WR)
        two.settimeout(5)
        two.recv(1)
        two.close()
        one.settimeout(5)
        one.recv(1)
        one.close()
        return self.end("fin", first_close_by=first)


def read_exactly(sock, count):
    sock.settimeout(10)
    while count > 0:
        got = sock.recv(min(count, 65536))
        if not got:
            raise RuntimeError("the other side closed early")
        count -= len(got)


def read_some(sock, timeout=1.0):
    """What one read gives: bytes, b'' at the end of file, or the name of the error."""
    sock.settimeout(timeout)
    try:
        return sock.recv(65536)
    except OSError as error:
        return type(error).__name__


def abort(sock):
    """Close with SO_LINGER 0: the kernel sends RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_ZERO)
    sock.close()


def vanish(sock):
    """Removes the socket without a packet (TCP_REPAIR), as a restarted host has none."""
    sock.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
    sock.close()


def wait_until(condition, timeout=5.0):
    """Polls a condition; the scenario fails when it stays false."""
    limit = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > limit:
            raise RuntimeError("the expected state did not come")
        time.sleep(0.002)
