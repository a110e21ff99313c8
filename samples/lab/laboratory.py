"""Runs one case: network up, both taps on, the scenario, taps off, files and truth written."""
import os
import random
import socket
import tempfile
import time
from dataclasses import dataclass, field
from typing import Callable

import capture_file
import truth
from conversation import Connection, http_request, http_response
from forwarder import Forwarder
from network import Network, inside
from segment import ACK, SYN, endpoint, read_frame
from tap import Tap


@dataclass
class Shape:
    """How one capture file is written. link: eth0 (Ethernet), any (Linux cooked v2), cooked (Linux cooked v1)."""

    format: str = "pcap"
    link: str = "eth0"
    snap: int = 262144
    gzip: bool = False
    filter: str = "tcp or icmp"

    def name(self, side):
        return f"{side}.{'pcapng' if self.format.startswith('pcapng') else 'pcap'}{'.gz' if self.gzip else ''}"


@dataclass
class Case:
    """The parameters of one incident. `clock_offset` is upstream minus client in seconds at the first packet."""

    name: str
    story: str
    scenario: Callable
    client: Shape = field(default_factory=Shape)
    upstream: Shape = field(default_factory=Shape)
    client_address: str = "10.42.1.17"
    upstream_address: str = "10.42.3.8"
    service: str | None = "10.96.14.200"
    service_port: int = 80
    port: int = 8080
    nat: str = "dnat"
    delay_ms: tuple = (0, 0)
    clock_offset: float = 0.0
    clock_drift: float = 0.0
    offload: bool = True
    starts_at: str = "2026-03-17T09:41:00Z"
    lose: Callable | None = None
    notes: tuple = ()
    options: dict = field(default_factory=dict)


class Lab:
    """What a scenario works with."""

    def __init__(self, case, network):
        self.case, self.network, self.options = case, network, case.options
        self.connections, self.children, self.sockets, self.forwarder = [], [], [], None
        self.random = random.Random(case.name)
        self.inspect = None  # a scenario may set it: see Forwarder
        self.target = (case.service, case.service_port) if case.service else (case.upstream_address, case.port)
        if case.service:
            network.dnat(case.service, case.service_port, case.port)
        if case.nat == "snat+dnat":
            network.snat()
        if any(case.delay_ms) or getattr(case.scenario, "in_user_space", False):
            up, down = (d / 1000 for d in case.delay_ms)
            self.forwarder = Forwarder(network, up, down, self.look)

    def look(self, segment, packet, upward):
        return self.inspect(segment, packet, upward) if self.inspect else None

    def family(self):
        return socket.AF_INET if self.network.version == 4 else socket.AF_INET6

    def listen(self, port=None, backlog=64):
        """A listening socket in the upstream host."""
        with inside(self.network.upstream):
            sock = socket.socket(self.family(), socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((self.case.upstream_address, port or self.case.port))
        sock.listen(backlog)
        self.sockets.append(sock)
        return sock

    def client_socket(self, role="incident", target=None, port=0):
        """A bound client socket and its (not yet opened) connection."""
        with inside(self.network.client):
            sock = socket.socket(self.family(), socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if not port:  # ports of a busy host, not the next one each time
            port = self.random.randrange(32768, 60999)
        sock.bind((self.case.client_address, port))
        connection = Connection(sock, target or self.target, role)
        pair = (connection.client_end, connection.server_end)
        connection.occurrence["client"] += sum((c.client_end, c.server_end) == pair for c in self.connections)
        self.connections.append(connection)
        self.sockets.append(sock)
        return connection

    def connect(self, listener, role="incident", target=None, port=0):
        """An established connection with both its sockets."""
        connection = self.client_socket(role, target, port)
        connection.client.settimeout(10)
        connection.client.connect(connection.target)
        listener.settimeout(10)
        connection.accepted(listener.accept()[0])
        connection.occurrence["upstream"] = connection.occurrence["client"]
        self.sockets.append(connection.server)
        return connection

    def background(self, listener, ends=("client", "upstream", None), exchanges=2):
        """Healthy connections; those that end with None stay open."""
        made = []
        for end in ends:
            connection = self.connect(listener, "background")
            for n in range(exchanges):
                body = b'{"items":[' + b",".join(b'{"sku":"%d"}' % i for i in range(self.random.randrange(1, 40))) + b"]}"
                connection.exchange(http_request(f"/api/v1/items?page={n}"), http_response(body))
            made.append(connection.close_orderly(end) if end else connection.end("open", first_close_by="none"))
            time.sleep(self.random.uniform(0.01, 0.05))
        return made

    def sleep(self, seconds):
        time.sleep(seconds)

    def close(self):
        if self.forwarder:
            self.forwarder.close()
        for child in self.children:
            child.kill()
            child.wait()
        for sock in self.sockets:
            try:
                sock.close()
            except OSError:
                pass


def start_tap(network, namespace, path, shape):
    words = dict(interface="eth0") if shape.link == "eth0" else dict(interface="any", link_type="LINUX_SLL" if shape.link == "cooked" else None)
    capture_filter = shape.filter if network.version == 4 else "tcp or (icmp6 and ip6[40] < 128)"
    return Tap(namespace, path, capture_filter=capture_filter, **words)


def perform(case):
    """Both captures, nanoseconds and whole packets on one clock, and the connections of the scenario."""
    with tempfile.TemporaryDirectory() as folder, Network(case.client_address, case.upstream_address) as network:
        network.offload(case.offload)
        lab, taps = Lab(case, network), {}
        try:
            for side, namespace, shape in (("client", network.client, case.client), ("upstream", network.upstream, case.upstream)):
                taps[side] = start_tap(network, namespace, os.path.join(folder, f"{side}.pcap"), shape)
            time.sleep(0.1)
            case.scenario(lab)
            time.sleep(0.1 + sum(case.delay_ms) / 1000)
            captures = {side: tap.stop() for side, tap in taps.items()}
        finally:
            for tap in taps.values():
                tap.kill()
            lab.close()
    resolve_upstream_views(lab.connections, captures)
    return captures, lab.connections


def resolve_upstream_views(connections, captures):
    """Connections that were never accepted: their SYN is looked for by its sequence number in the upstream capture."""
    tables = truth.flows(captures["client"])
    syns = {}
    for record in captures["upstream"].records:
        s = read_frame(record.data, captures["upstream"].link_type)
        if s and s.has(SYN) and not s.has(ACK):
            syns[s.sequence] = s
    for connection in connections:
        if connection.upstream_client_end:
            continue
        view = connection.view("client")
        rows = truth.use(tables.get((view["client"], view["server"]), []), view["occurrence"])
        first = next((s for _, s, from_client in rows if from_client and s.has(SYN)), None)
        if first and first.sequence in syns:
            s = syns[first.sequence]
            connection.upstream_client_end = endpoint(s.source, s.source_port)
            connection.upstream_server_end = endpoint(s.destination, s.destination_port)


def make(case, folder):
    """One sample folder. Raises when the packets do not show what the scenario declared."""
    captures, connections = perform(case)
    missing = [c.client_end for c in connections if c.ended is None]
    if missing:
        raise RuntimeError(f"{case.name}: no end declared for {missing}")
    tables = {side: truth.flows(c) for side, c in captures.items()}
    wrong = [text for connection in connections for text in truth.settle(connection, tables)]
    before = truth.document(case, captures, dict(client=case.client, upstream=case.upstream), connections, tables)
    wrong += [text for entry in before["connections"] for text in truth.doubts(entry)]
    if wrong:
        for side, capture in captures.items():
            capture_file.write(f"{folder.rstrip('/')}.doubtful-{side}.pcap", capture)
        raise RuntimeError(f"{case.name}: " + "; ".join(wrong))
    origin = captures["client"].records[0].time
    rebase = parse_time(case.starts_at) - origin
    capture_file.shift(captures["client"].records, origin, 0, 0, rebase)
    capture_file.shift(captures["upstream"].records, origin, case.clock_offset, case.clock_drift, rebase)
    if case.lose:
        case.lose(captures)
    os.makedirs(folder, exist_ok=True)
    for old in os.listdir(folder):
        if old.startswith(("client.", "upstream.")):
            os.remove(os.path.join(folder, old))
    shapes = dict(client=case.client, upstream=case.upstream)
    for side, shape in shapes.items():
        capture_file.write(os.path.join(folder, shape.name(side)), captures[side], shape.format, shape.snap,
                           "eth0" if shape.link == "eth0" else "any", shape.filter)
    tables = {side: truth.flows(c) for side, c in captures.items()}
    truth.save(folder, truth.document(case, captures, shapes, connections, tables))


def parse_time(text):
    """Nanoseconds since the epoch of an RFC 3339 time in UTC, plus an odd fraction as real captures have."""
    import calendar
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ")) * 10**9 + 318_204_117
