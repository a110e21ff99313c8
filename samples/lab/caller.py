"""An HTTP/1.1 client of the laboratory: keep-alive connections of one host, and what each request came to."""
import http.client
import socket
import ssl
import time

from conversation import abort
from network import inside
from segment import endpoint


class Exchange:
    """One request: its answer (`status`, or the name of an `error`), and the declared ends of the proxy's own connections for it."""

    def __init__(self, caller, path):
        self.caller, self.path = caller, path
        self.status = self.body = self.error = None
        self.ends, self.inner_ends = {}, {}
        self.seconds = 0.0

    def expect(self, *statuses):
        if self.status not in statuses:
            raise RuntimeError(f"{self.path}: {self.status or self.error} and not {statuses}: {self.body!r}")
        return self

    def fails_with(self, *errors):
        if self.error not in errors:
            raise RuntimeError(f"{self.path}: {self.error or self.status} and not {errors}")
        return self

    def upstream_end(self, *end, attempt=-1, **more):
        """Declares how the proxy's connection for this request ended (the n-th, if it tried several); see `declared`."""
        self.ends[attempt] = declared(*end, **more)
        return self

    def inner_end(self, *end, attempt=-1, **more):
        """The same of the second proxy's connection: that of the sidecar to its application."""
        self.inner_ends[attempt] = declared(*end, **more)
        return self


def declared(class_, first_rst_end="none", first_close_end=None, cause="healthy", role="incident", **more):
    """An end. The ends named are those of that TCP connection: a proxy is the client of its own. None: read it from the
    packets before the clocks are shifted."""
    return dict(more, **{"class": class_}, first_rst_end=first_rst_end, first_close_end=first_close_end, cause=cause, role=role)


class Caller:
    """One TCP connection of the client host, used for one request after the other."""

    def __init__(self, network, address, target, port, authority, agent="okhttp/4.12.0"):
        with inside(network.client):
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.bind((address, port))
        self.socket.settimeout(20)
        self.client_end = endpoint(address, port)
        self.target, self.authority, self.agent = target, authority, agent
        self.end = None
        self.exchanges = []

    def connect(self, tls=None):
        """`tls`: an SSL context and the name asked for."""
        self.socket.connect(self.target)
        if tls:
            self.socket = tls[0].wrap_socket(self.socket, server_hostname=tls[1])
        return self

    def downstream_end(self, *end, **more):
        """Declares how this connection itself ended."""
        self.end = declared(*end, **more)
        return self

    def send(self, path, body=b"", headers=(), missing=0):
        """The request only; `receive` reads its answer. `missing` bytes of the body are announced and not sent."""
        head = f"{'POST' if body else 'GET'} {path} HTTP/1.1\r\nHost: {self.authority}\r\nUser-Agent: {self.agent}\r\n"
        if body:
            head += f"Content-Type: application/json\r\nContent-Length: {len(body) + missing}\r\n"
        exchange = Exchange(self, path)
        self.exchanges.append(exchange)
        exchange.began = time.monotonic()
        self.socket.sendall((head + "".join(f"{k}: {v}\r\n" for k, v in headers)).encode() + b"\r\n" + body)
        return exchange

    def receive(self, exchange, patience=20):
        self.socket.settimeout(patience)
        answer = http.client.HTTPResponse(self.socket)
        try:
            answer.begin()
            exchange.status = answer.status
            exchange.body = answer.read()
        except (http.client.HTTPException, OSError) as error:
            exchange.error = type(error).__name__
            answer.close()
        exchange.seconds = time.monotonic() - exchange.began
        return exchange

    def ask(self, path, body=b"", patience=20, headers=()):
        return self.receive(self.send(path, body, headers), patience)

    def close(self):
        if isinstance(self.socket, ssl.SSLSocket):
            self.socket = self.socket.unwrap()  # close_notify both ways: no data is left to be answered by RST
        self.socket.close()
        return self

    def abort(self):
        """Closes with SO_LINGER 0: the kernel sends RST."""
        abort(self.socket)
