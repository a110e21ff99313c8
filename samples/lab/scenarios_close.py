"""Scenarios of application and kernel closes: keep-alive, kill, abort, idle, orderly."""
import os
import signal
import socket
import subprocess
import sys
import time

from conversation import abort, http_request, http_response, read_exactly, read_some, vanish
from network import inside


def keepalive_race(lab):
    """The upstream closes idle connections while the next request is on its way (Envoy UC)."""
    listener = lab.listen()
    lab.background(listener)
    idle = lab.options.get("idle", 5.0)
    pool = [lab.connect(listener) for _ in range(lab.options.get("connections", 3))]
    for n, connection in enumerate(pool):
        for page in range(1 + n):
            connection.exchange(http_request(f"/api/v1/orders?page={page}"))
    lab.sleep(idle)
    for n, connection in enumerate(pool):
        connection.server.close()
        lab.sleep(lab.options.get("lag", 0.002) * (n + 1))
        connection.client.sendall(http_request("/api/v1/orders", body=b'{"sku":"A-7731","quantity":2}'))
        lab.sleep(0.05)
        connection.end("fin", "upstream", "upstream", "keepalive-race",
                       notes=f"idle for {idle} s; the request left the client before the FIN arrived there")
    for connection in pool:
        read_some(connection.client, 2)
    lab.background(listener, ("client",))


def upstream_kill(lab):
    """SIGKILL of the upstream process: RST where request data was unread, FIN elsewhere."""
    if lab.options.get("other_port"):
        lab.network.dnat(lab.case.service, lab.case.service_port + 1, lab.options["other_port"])
        calm = lab.listen(lab.options["other_port"])
        other = (lab.case.service, lab.case.service_port + 1)
        lab.connect(calm, "background", other).exchange().end("open", first_close_by="none")
    listener = lab.listen()
    unread, idle, reused = (lab.options.get(k, n) for k, n in (("unread", 3), ("idle", 2), ("reused", 1)))
    total = unread + idle + reused
    # The child owns the accepted sockets; this process keeps none of them.
    with inside(lab.network.upstream):
        child = subprocess.Popen([sys.executable, os.path.join(os.path.dirname(__file__), "doomed_server.py"), str(total)],
                                 stdin=listener.fileno(), stdout=subprocess.PIPE)
    lab.children.append(child)
    listener.close()
    pool = []
    for _ in range(total):
        connection = lab.client_socket()
        connection.client.settimeout(10)
        connection.client.connect(connection.target)
        request = http_request("/api/v1/orders")
        connection.client.sendall(request)
        read_exactly(connection.client, len(http_response()))
        pool.append(connection)
    lab.sleep(0.2)
    for connection in pool[:unread]:
        connection.client.sendall(http_request("/api/v1/orders", body=b'{"sku":"B-2210","quantity":1}' * 8))
    lab.sleep(0.1 + lab.case.delay_ms[0] / 1000)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    lab.sleep(0.1 + lab.case.delay_ms[1] / 1000)
    for connection in pool[:unread]:
        connection.end("rst", "upstream", "upstream", "upstream-crash", notes="killed with unread request data: RST without FIN")
    for connection in pool[unread:unread + idle]:
        assert read_some(connection.client) == b""
        connection.client.close()
        connection.end("fin", "none", "upstream", "upstream-crash", notes="killed with nothing unread: FIN; the client closes too")
    for connection in pool[unread + idle:]:
        connection.client.sendall(http_request("/api/v1/orders/7"))
        connection.end("fin", "upstream", "upstream", "upstream-crash",
                       notes="killed with nothing unread: FIN; the next request is answered with RST")
    lab.sleep(0.1)
    late = lab.client_socket()
    late.client.settimeout(3)
    try:
        late.client.connect(late.target)
        raise RuntimeError("the port still listens")
    except ConnectionRefusedError:
        late.end("handshake-incomplete", "upstream", "upstream", "connection-refused", notes="nothing listens any more")


def client_abort(lab):
    """The client gives up in the middle of a download (SO_LINGER 0)."""
    listener = lab.listen()
    lab.background(listener)
    size = lab.options.get("size", 24000)
    for n in range(lab.options.get("connections", 2)):
        connection = lab.connect(listener)
        connection.client.sendall(http_request(f"/export/{n}.csv"))
        read_exactly(connection.server, 10)
        read_some(connection.server)
        connection.server.sendall(http_response(b"date;sku;quantity\n" * (size // 36), length=size * 4))
        read_exactly(connection.client, size // 4)
        abort(connection.client)
        connection.end("rst", "client", "client", "client-abort", notes="SO_LINGER 0 in the middle of the response")
        lab.sleep(0.05 + sum(lab.case.delay_ms) / 1000)
    lab.background(listener, ("upstream",))


def upstream_abort(lab):
    """The upstream application resets in the middle of its response (SO_LINGER 0)."""
    listener = lab.listen()
    lab.background(listener)
    for _ in range(lab.options.get("connections", 2)):
        connection = lab.connect(listener)
        connection.exchange()
        request = http_request("/report")
        connection.client.sendall(request)
        read_exactly(connection.server, len(request))
        connection.server.sendall(http_response(b"x" * 3000, length=90000))
        lab.sleep(0.02 + sum(lab.case.delay_ms) / 1000)
        abort(connection.server)
        connection.end("rst", "upstream", "upstream", "upstream-abort", notes="SO_LINGER 0 in the middle of the response")
        lab.sleep(0.05 + sum(lab.case.delay_ms) / 1000)
    lab.background(listener, ("client",))


def idle_timeout(lab):
    """The upstream resets connections that were idle for its timeout; one closed with FIN."""
    listener = lab.listen()
    lab.background(listener, ("client", None))
    idle = lab.options.get("idle", 10.0)
    pool = [lab.connect(listener).exchange() for _ in range(lab.options.get("connections", 3))]
    lab.sleep(idle)
    for connection in pool[:-1]:
        abort(connection.server)
        connection.end("rst", "upstream", "upstream", "idle-timeout", notes=f"idle for {idle} s, then reset by the upstream's timer")
    pool[-1].close_orderly("upstream")
    pool[-1].end("fin", "none", "upstream", "idle-timeout", notes=f"idle for {idle} s, then closed by the upstream's timer")
    lab.sleep(0.1)


def graceful_closes(lab):
    """Orderly closes only: client first, upstream first, both at once, half-close with a long response."""
    listener = lab.listen()
    lab.background(listener, ("client", "upstream"))
    both = lab.connect(listener).exchange()
    both.client.shutdown(socket.SHUT_WR)
    both.server.shutdown(socket.SHUT_WR)
    lab.sleep(0.1 + sum(lab.case.delay_ms) / 1000)
    both.client.close()
    both.server.close()
    both.role = "background"
    both.end("fin", first_close_by="client", notes="both ends close within one transit time")
    half = lab.connect(listener, "background")
    half.client.sendall(http_request("/export/all.csv"))
    half.client.shutdown(socket.SHUT_WR)
    while read_some(half.server):
        pass
    for _ in range(4):
        half.server.sendall(b"sku;quantity\n" * 60)
        lab.sleep(0.08)
    half.server.close()
    lab.sleep(0.05 + sum(lab.case.delay_ms) / 1000)
    while read_some(half.client):
        pass
    half.client.close()
    half.end("fin", first_close_by="client", notes="half-close: the client sends FIN after its request and reads on")
    silent = lab.connect(listener, "background")
    silent.close_orderly("client")


def still_open(lab):
    """Nothing ended: pooled, long-polling and silent connections when the capture stops."""
    listener = lab.listen()
    for n in range(lab.options.get("connections", 3)):
        lab.connect(listener, "background").exchange().exchange().end("open", first_close_by="none", notes="pooled")
    poll = lab.connect(listener, "background")
    poll.client.sendall(http_request("/watch?since=88121"))
    read_some(poll.server)
    poll.end("open", first_close_by="none", notes="long poll: the response has not come yet")
    lab.connect(listener, "background").end("open", first_close_by="none", notes="opened ahead, never used")
    lab.background(listener, ("client", "upstream"))
    lab.sleep(lab.options.get("idle", 3.2))


def crossing_resets(lab):
    """Both ends abort within one transit time; neither RST caused the other."""
    listener = lab.listen()
    lab.background(listener)
    for first, gap in lab.options.get("pairs", (("client", 0.004), ("upstream", 0.006))):
        connection = lab.connect(listener)
        connection.exchange()
        lab.sleep(0.05)
        one, two = (connection.client, connection.server) if first == "client" else (connection.server, connection.client)
        started = time.monotonic()
        abort(one)
        lab.sleep(gap)
        abort(two)
        gap_ms = round((time.monotonic() - started) * 1000, 1)
        assert gap_ms < min(lab.case.delay_ms), "the second abort came after the first RST arrived"
        connection.end("rst", first, first, "both-abort", gap_ms=gap_ms, notes=f"{first} first by {gap_ms} ms; the RSTs crossed")
        lab.sleep(0.1)


def stale_endpoint(lab):
    """The upstream host lost its connections without a word (restart); its kernel answers the next request with RST."""
    listener = lab.listen()
    lab.background(listener, ("client", None))
    pool = [lab.connect(listener).exchange() for _ in range(lab.options.get("connections", 2))]
    lab.sleep(0.2)
    for connection in pool:
        vanish(connection.server)
        lab.sleep(0.1)
        connection.client.sendall(http_request("/api/v1/orders/9"))
        connection.end("rst", "upstream", "upstream", lab.options.get("cause", "peer-restarted"),
                       notes="no socket for the request at the upstream: RST from its kernel")
        lab.sleep(0.1 + sum(lab.case.delay_ms) / 1000)
    lab.background(listener, ("upstream",))
