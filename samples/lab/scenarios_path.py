"""Scenarios in which something between the hosts drops, rejects, forges or forgets."""
import socket
import time

from conversation import abort, http_request, http_response, read_exactly, read_some, wait_until
from segment import ACK, RST, SYN, endpoint, forge


def through_user_space(scenario):
    """The scenario inspects packets, so they pass the Forwarder even without a delay."""
    scenario.in_user_space = True
    return scenario


def refused(lab, cause="connection-refused", note="nothing listens on the target port: RST from the upstream kernel"):
    """SYN to a port without listener."""
    for _ in range(lab.options.get("connections", 3)):
        connection = lab.client_socket(target=lab.options.get("target"))
        connection.client.settimeout(5)
        try:
            connection.client.connect(connection.target)
            raise RuntimeError("somebody listens")
        except ConnectionRefusedError:
            connection.end("handshake-incomplete", "upstream", "upstream", cause, notes=note)
        lab.sleep(0.3)


def service_wrong_port(lab):
    """The service address is translated to a port on which the pod does not listen; another port of it works."""
    good = lab.options["good_port"]
    lab.network.dnat(lab.case.service, lab.case.service_port + 1, good)
    listener = lab.listen(good)
    working, lab.target = (lab.case.service, lab.case.service_port + 1), lab.target
    broken = lab.target
    lab.target = working
    lab.background(listener)
    lab.target = broken
    refused(lab, note="the service's targetPort names a port on which the pod does not listen")
    lab.target = working
    lab.background(listener, ("client",))


def firewall_syn_drop(lab):
    """SYNs to one port vanish in the router; nobody resets anything."""
    listener = lab.listen()
    lab.background(listener)
    blocked = lab.options["blocked_port"]
    lab.network.rule("-A", "FORWARD", "-p", "tcp", "--dport", blocked, "--syn", "-j", "DROP")
    patience = lab.options.get("patience", 3.4)
    pool = []
    for _ in range(lab.options.get("connections", 2)):
        connection = lab.client_socket(target=(lab.options.get("blocked_address", lab.target[0]), blocked))
        connection.client.setblocking(False)
        connection.client.connect_ex(connection.target)
        pool.append(connection)
        lab.sleep(0.2)
    lab.sleep(patience)
    for connection in pool:
        connection.client.close()
        connection.end("handshake-incomplete", "none", "none", "syn-dropped", notes="SYN dropped in the router; the client gave up")
    lab.background(listener, ("upstream",))


def synack_drop(lab):
    """SYNs arrive, the SYN-ACKs vanish in the router."""
    listener = lab.listen()
    lab.background(listener)
    dead = lab.listen(lab.options["blocked_port"])
    lab.network.rule("-t", "raw", "-A", "PREROUTING", "-i", "u0", "-p", "tcp", "--sport", lab.options["blocked_port"],
                     "--tcp-flags", "SYN,ACK", "SYN,ACK", "-j", "DROP")
    target = (lab.case.upstream_address, lab.options["blocked_port"])
    pool = []
    for _ in range(lab.options.get("connections", 2)):
        connection = lab.client_socket(target=target)
        connection.client.setblocking(False)
        connection.client.connect_ex(connection.target)
        pool.append(connection)
    lab.sleep(lab.options.get("patience", 3.4))
    for connection in pool:
        connection.client.close()
        connection.end("handshake-incomplete", "none", "none", "synack-dropped", notes="SYN-ACK dropped in the router")
    lab.background(listener, ("upstream",))


def firewall_reject(lab):
    """The router answers SYNs to one port with RST."""
    listener = lab.listen()
    lab.background(listener)
    blocked = lab.options["blocked_port"]
    lab.network.rule("-A", "FORWARD", "-p", "tcp", "--dport", blocked, "-j", "REJECT", "--reject-with", "tcp-reset")
    for _ in range(lab.options.get("connections", 2)):
        connection = lab.client_socket(target=(lab.options.get("blocked_address", lab.target[0]), blocked))
        connection.client.settimeout(5)
        try:
            connection.client.connect(connection.target)
            raise RuntimeError("not rejected")
        except ConnectionRefusedError:
            connection.end("handshake-incomplete", "middlebox", "middlebox", "firewall-reject", notes="REJECT with tcp-reset in the router")
        lab.sleep(0.2)
    lab.background(listener, ("upstream",))


@through_user_space
def middlebox_reset(lab):
    """A box in the middle forges RST in mid-stream: to both ends or to one (option `to`)."""
    to, shape = lab.options.get("to", "both"), lab.options.get("rst", {})
    listener = lab.listen()
    lab.background(listener)
    victims, done = {}, set()

    def inspect(segment, packet, upward):
        connection = victims.get(segment.source_port if upward else segment.destination_port)
        if connection is None or not upward or segment.length == 0 or connection in done:
            return None
        if b"/restricted" not in packet[segment.payload_start:]:
            return None
        done.add(connection)
        client, server, port = lab.case.client_address, connection.target, connection.client_port
        answer = []
        if to in ("both", "client"):
            answer.append((0.0005, forge(server[0], server[1], client, port, segment.acknowledgment, segment.sequence + segment.length, **shape)))
        if to in ("both", "upstream"):
            answer.append((0.0005, forge(segment.source, segment.source_port, segment.destination, segment.destination_port,
                                         segment.sequence if to == "both" else segment.sequence + segment.length,
                                         segment.acknowledgment, **shape)))
        if to != "both":
            answer.insert(0, (lab.case.delay_ms[0] / 1000, packet))
        return answer

    lab.inspect = inspect
    for n in range(lab.options.get("connections", 3)):
        connection = lab.connect(listener)
        connection.client_port = connection.client.getsockname()[1]
        victims[int(connection.upstream_client_end.rsplit(":", 1)[1])] = connection
        victims[connection.client_port] = connection
        connection.exchange()
        connection.client.sendall(http_request("/restricted/report"))
        lab.sleep(0.1 + sum(lab.case.delay_ms) / 1000)
        if to == "client":
            try:
                connection.server.sendall(http_response(b"x" * 1800))
            except OSError:
                pass
        if to == "upstream":
            read_some(connection.client, 0.3)
        connection.end("rst", "middlebox", "middlebox", lab.options.get("cause", "middlebox-reset"),
                       notes=f"RST forged in the router to {'both ends' if to == 'both' else 'the ' + to}")
        lab.sleep(0.1)
    lab.background(listener, ("upstream", None))


@through_user_space
def ineffective_reset(lab):
    """A forged RST with a sequence number in the window but not exact: challenge ACK, the connection lives on."""
    listener = lab.listen()
    lab.background(listener)
    forged = {}

    def inspect(segment, packet, upward):
        if upward and segment.length and b"/probe" in packet[segment.payload_start:] and segment.source_port not in forged:
            forged[segment.source_port] = True
            away = lab.options.get("away", 500)
            return [(lab.case.delay_ms[0] / 1000, packet),
                    (lab.case.delay_ms[0] / 1000 + 0.01, forge(segment.source, segment.source_port, segment.destination, segment.destination_port,
                                                              segment.sequence + segment.length + away, segment.acknowledgment))]
        return None

    lab.inspect = inspect
    for _ in range(lab.options.get("connections", 2)):
        connection = lab.connect(listener).exchange()
        connection.exchange(http_request("/probe"))
        lab.sleep(0.2)
        connection.exchange()
        connection.close_orderly("client")
        connection.end("fin", "middlebox", "client", "ineffective-rst", rst_effective=False, notes="RST outside the exact sequence: ignored")


def unnat_reset(lab):
    """The router forgets its translation; upstream data reaches the client with the pod address, whose kernel resets it."""
    lifetime = lab.options.get("lifetime", 2)
    listener = lab.listen()
    lab.background(listener, ("client", "upstream"))
    lab.network.sysctl(lab.network.router, net__netfilter__nf_conntrack_tcp_timeout_established=lifetime)
    for n in range(lab.options.get("connections", 2)):
        connection = lab.connect(listener).exchange()
        request = http_request(f"/slow/{n}")
        connection.client.sendall(request)
        read_exactly(connection.server, len(request))
        lab.sleep(lifetime + 1.2)
        connection.server.sendall(http_response(b'{"slow":true}'))
        wait_until(lambda: read_some(connection.server, 0.2) == "ConnectionResetError")
        connection.also = dict(client=connection.client_end, server=connection.upstream_server_end)
        connection.end("rst", "client", "client", "nat-mapping-lost", blame="middlebox",
                       notes="the response arrives from the pod address, for which the client has no socket: RST from its kernel")
    lab.network.sysctl(lab.network.router, net__netfilter__nf_conntrack_tcp_timeout_established=600)
    lab.background(listener, ("client",))


def state_expired(lab):
    """The router forgets idle connections; their next data is dropped or rejected as unknown (option `then`)."""
    lifetime, then = lab.options.get("lifetime", 2), lab.options.get("then", "reject")
    listener = lab.listen()
    lab.background(listener, ("client", "upstream"))
    lab.network.sysctl(lab.network.router, net__netfilter__nf_conntrack_tcp_timeout_established=lifetime,
                       net__netfilter__nf_conntrack_tcp_loose=0)
    verdict = ("-j", "DROP") if then == "drop" else ("-j", "REJECT", "--reject-with", "tcp-reset")
    lab.network.rule("-A", "FORWARD", "-p", "tcp", "-m", "conntrack", "--ctstate", "INVALID", *verdict)
    pool = [lab.connect(listener).exchange() for _ in range(lab.options.get("connections", 2))]
    lab.sleep(lifetime + 1.3)
    for connection in pool:
        connection.client.sendall(http_request("/after/idle"))
    if then == "reject":
        lab.sleep(0.3 + sum(lab.case.delay_ms) / 1000)
        for connection in pool:
            connection.end("rst", "middlebox", "middlebox", "middlebox-state-expired", notes="idle state lost; the next request is rejected with RST")
    else:
        lab.sleep(lab.options.get("patience", 4))
        for connection in pool:
            connection.end("open", "none", "none", "middlebox-state-expired", notes="idle state lost; retransmissions into the void")


@through_user_space
def upstream_vanishes(lab):
    """Every packet of some connections is lost from one moment on."""
    listener = lab.listen()
    lab.background(listener)
    lost = set()
    lab.inspect = lambda segment, packet, upward: "drop" if {segment.source_port, segment.destination_port} & lost else None
    pool = [lab.connect(listener).exchange() for _ in range(2)]
    for connection in pool:
        lost.update(int(e.rsplit(":", 1)[1]) for e in (connection.client_end, connection.upstream_client_end))
        connection.client.sendall(http_request("/lost"))
    lab.sleep(lab.options.get("patience", 4))
    abort(pool[0].client)
    pool[0].end("rst", "client", "client", "upstream-unreachable", notes="client gives up with SO_LINGER 0; the RST is lost")
    pool[1].end("open", "none", "none", "upstream-unreachable", notes="retransmissions until the capture ends")


@through_user_space
def lossy_path(lab):
    """Network loss (not capture loss): some segments vanish and are retransmitted; orderly and aborted ends."""
    listener, rate = lab.listen(), lab.options.get("rate", 0.06)
    lab.inspect = lambda segment, packet, upward: "drop" if segment.length and lab.random.random() < rate else None
    lab.background(listener, ("client", "upstream", None), exchanges=6)
    for by in lab.options.get("resets", ("client", "upstream")):
        connection = lab.connect(listener)
        for _ in range(3):
            connection.exchange(response=http_response(b"y" * 6000))
        lab.sleep(0.3)
        abort(connection.client if by == "client" else connection.server)
        connection.end("rst", by, by, f"{by}-abort")
        lab.sleep(0.1)
