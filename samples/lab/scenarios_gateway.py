"""Scenarios with Envoy as an ingress gateway: client > gateway, gateway > upstream, two TCP connections for each request."""
import contextlib
import signal
import ssl

from envoy_config import cluster, route
from kubernetes import Shop, all_is_well, listing, running

ORDERS = "outbound|8080||orders.shop.svc.cluster.local"
CATALOG = "outbound|8081||catalog.shop.svc.cluster.local"
UPLOAD = b'{"sku":"B-2210","quantity":1}\n' * 60


def refused(lab):
    """Nothing listens on the application's port; another application of the pod works."""
    all_is_well(lab, ports=(8081,))  # a containerPort is informative only: nothing listens on the service's targetPort
    lab.nginx(8081)
    lab.gateway([route("/api/v1/catalog", CATALOG), route("/", ORDERS)], [lab.upstream(ORDERS), lab.upstream(CATALOG, 8081)])
    lab.record()
    shop = lab.caller()
    shop.ask("/api/v1/catalog?page=1").expect(200)
    for number in (1842, 1843):
        shop.ask(f"/api/v1/orders/{number}").expect(503).upstream_end(
            "handshake-incomplete", "upstream", "upstream", "connection-refused", notes="nothing listens on the port")
        lab.sleep(0.2)
    shop.ask("/api/v1/catalog?page=2").expect(200)
    shop.close()
    other = lab.caller()
    other.ask("/api/v1/catalog?page=3").expect(200)
    other.close()


def keepalive_race(lab):
    """nginx closes an idle connection while Envoy's next request on it is on its way."""
    lab.nginx(keepalive="2s")
    lab.gateway([route("/", ORDERS)], [lab.upstream(ORDERS)])
    lab.record()
    for n in range(lab.options.get("races", 2)):
        shop = lab.caller()
        shop.ask(f"/api/v1/orders?page={n}").expect(200)
        # The FIN leaves 2 s after the response did; Envoy sees it one transit later, and the client saw the response one transit later.
        lab.sleep(2.0 - lab.case.delay_ms[0] / 2000)
        shop.ask("/api/v1/orders", b'{"sku":"A-7731","quantity":2}').expect(503).upstream_end(
            "fin", "upstream", "upstream", "keepalive-race",
            notes="nginx's keepalive_timeout of 2 s; the request left Envoy before the FIN arrived there")
        lab.sleep(0.1)
        shop.ask("/api/v1/orders/1842").expect(200)
        shop.close()
        lab.sleep(0.1)


def upstream_crash(lab):
    """The application is killed (SIGKILL) in the middle of a response, with requests unanswered and with data unread."""
    application = lab.node("orders.js")
    lab.gateway([route("/", ORDERS)], [lab.upstream(ORDERS)])
    lab.record()
    shops = [lab.caller() for _ in range(5)]
    # All at once, so that Envoy opens as many connections of its own.
    for asked in [shop.send("/api/v1/orders/1842?wait=100") for shop in shops]:
        asked.caller.receive(asked).expect(200)
    lab.sleep(0.3)
    exported = shops[0].send("/export/orders")
    waiting = [shop.send("/api/v1/orders/1842?wait=5000") for shop in shops[1:3]]
    lab.sleep(0.2)
    application.signal(signal.SIGSTOP)  # it hardly runs any more, as when memory is being reclaimed
    imported = shops[3].send("/import/orders", UPLOAD)
    lab.sleep(0.2)
    lab.mark("killed")
    application.signal(signal.SIGKILL)
    shops[0].receive(exported).fails_with("IncompleteRead")
    exported.upstream_end("fin", "none", "upstream", "upstream-crash", notes="killed with the response half sent and nothing unread: FIN")
    shops[0].downstream_end("fin", None, "upstream", "premature-close",
                            notes="Envoy had passed on the head of the response, so it can only close")
    for shop, asked in zip(shops[1:], waiting):
        shop.receive(asked).expect(503)
        asked.upstream_end("fin", "none", "upstream", "upstream-crash", notes="killed with a request in hand and nothing unread: FIN")
    shops[3].receive(imported).expect(503)
    imported.upstream_end("rst", "upstream", "upstream", "upstream-crash", notes="killed with a request body unread: RST")
    lab.other_upstream_ends("fin", "none", "upstream", "upstream-crash", notes="idle when killed: FIN")
    lab.sleep(0.2)
    shops[4].ask("/api/v1/orders/1843").expect(503).upstream_end(
        "handshake-incomplete", "upstream", "upstream", "connection-refused", notes="the process is gone, nothing listens")
    for shop in shops:
        shop.close()

    def objects(clock):
        shop = Shop(lab, clock)
        killed, again = shop.at("killed"), shop.at("killed", 4.2)
        status = running("orders", again, restarts=1, last=("OOMKilled", 137, shop.began, killed))
        return listing(*shop.gateway(), *shop.orders_service(), shop.orders_pod([status], ready_at=again),
                       shop.tells("Pulled", "Container image already present on machine", shop.at("killed", 3.1)),
                       shop.tells("Created", "Created container orders", shop.at("killed", 4)),
                       shop.tells("Started", "Started container orders", again))

    lab.cluster_objects = objects


def retry(lab):
    """As the keep-alive race, and Envoy tries again: the client sees 200, the log shows no flag."""
    all_is_well(lab)
    lab.nginx(keepalive="2s")
    policy = dict(retry_on="connect-failure,refused-stream,reset-before-request,reset", num_retries=2)
    lab.gateway([route("/", ORDERS, retry_policy=policy)], [lab.upstream(ORDERS)])
    lab.record()
    shop = lab.caller()
    shop.ask("/api/v1/orders?page=1").expect(200)
    lab.sleep(2.0 - lab.case.delay_ms[0] / 2000)
    shop.ask("/api/v1/orders/1842").expect(200).upstream_end(
        "fin", "upstream", "upstream", "keepalive-race", attempt=0,
        notes="nginx's keepalive_timeout of 2 s; the request left Envoy before the FIN arrived there, and was sent again on another connection")
    lab.sleep(0.2)
    shop.ask("/api/v1/orders/1843").expect(200)
    shop.close()


def aborts(lab):
    """The application, and then a client, resets in the middle of a response (SO_LINGER 0): through HTTP and through a TCP proxy."""
    all_is_well(lab)
    lab.node("orders.js")
    lab.gateway([route("/", ORDERS)], [lab.upstream(ORDERS), lab.upstream("raw")], raw=(9000, "raw", {}))
    lab.record()
    raw = (lab.case.service, 9000)
    for target, passed_on in ((None, False), (raw, True)):
        reader = lab.caller(target=target)
        cut = reader.ask("/abort/orders").fails_with("ConnectionResetError" if passed_on else "IncompleteRead")
        cut.upstream_end("rst", "upstream", "upstream", "upstream-abort", notes="the application reset in the middle of its response")
        if passed_on:
            reader.downstream_end("rst", "upstream", "upstream", "proxy-upstream-reset", notes="Envoy's TCP proxy passed the reset on")
        else:
            reader.downstream_end("fin", "none", "upstream", "premature-close",
                                  notes="Envoy had passed on the head of the response, so it can only close")
        reader.close()
        lab.sleep(0.3)
        quitter = lab.caller(target=target)
        exported = quitter.send("/export/orders")
        lab.sleep(0.3)
        quitter.abort()
        quitter.downstream_end("rst", "client", "client", "client-abort", notes="SO_LINGER 0 in the middle of the response")
        if passed_on:
            exported.upstream_end("rst", "client", "client", "client-abort", notes="Envoy's TCP proxy passed its client's reset on")
        else:
            exported.upstream_end("fin", "none", "client", "client-cancel", notes="Envoy closed its connection when its client was gone")
        lab.sleep(0.3)
    believer = lab.caller()
    believer.ask("/abort/orders?endless=1").expect(200).upstream_end(
        "rst", "upstream", "upstream", "upstream-abort", notes="a response without length, reset: Envoy took the reset for its end, and the log shows no flag")
    lab.sleep(0.3)
    believer.close()


def stream_resets(lab):
    """HTTP/2 to the application: it resets streams, and sends GOAWAY; no TCP connection is reset."""
    all_is_well(lab)
    lab.node("streams.js")
    lab.gateway([route("/", ORDERS)], [lab.upstream(ORDERS, http2=True)])
    lab.record()
    shop = lab.caller()
    shop.ask("/api/v1/orders/1842").expect(200)
    for path in ("/cancelled", "/refused", "/broken"):
        shop.ask(path).expect(503)
        lab.sleep(0.2)
    last = shop.ask("/goaway").expect(200)
    last.upstream_end("fin", "none", None, "h2-goaway", notes="the application sent GOAWAY after its answer, and the connection was closed")
    lab.sleep(0.5)
    shop.ask("/api/v1/orders/1843").expect(200)
    shop.close()


def early_answers(lab):
    """Envoy answers before a request is complete and closes a second later: uploads that it refuses, and a ClientHello in place of HTTP."""
    all_is_well(lab)
    lab.node("orders.js")
    refusal = dict(match=dict(prefix="/internal"), direct_response=dict(status=403))
    lab.gateway([refusal, route("/", ORDERS)], [lab.upstream(ORDERS)])
    lab.record()
    shop = lab.caller()
    shop.ask("/api/v1/orders/1842").expect(200)
    quiet, busy = lab.caller(), lab.caller()
    quiet.receive(quiet.send("/internal/upload", UPLOAD, missing=50000)).expect(403)
    quiet.downstream_end("fin", "none", "upstream", role="background",
                         notes="an early answer, then delayed_close_timeout of 1 s; the client had sent nothing more")
    busy.receive(busy.send("/internal/upload", UPLOAD, missing=50000)).expect(403)
    for _ in range(2):
        lab.sleep(0.3)
        busy.socket.sendall(UPLOAD)
    busy.downstream_end("rst", "upstream", "upstream", "upstream-close-unread-data",
                        notes="an early answer, then delayed_close_timeout of 1 s; what the client sent meanwhile was not read")
    lab.sleep(1)
    stranger = lab.caller(authority="-")
    trusting = ssl.create_default_context()
    with contextlib.suppress(ssl.SSLError):
        stranger.socket = trusting.wrap_socket(stranger.socket, server_hostname="shop.example.com")
        raise RuntimeError("a TLS handshake with a plaintext port")
    stranger.downstream_end("tls-aborted", None, None, "tls-to-plaintext-port",
                            notes="the answer to the ClientHello is HTTP/1.1 400 Bad Request")
    lab.sleep(0.2)
    shop.ask("/api/v1/orders/1843").expect(200)
    for caller in (shop, quiet):
        caller.close()


def without_upstream(lab):
    """Requests for which Envoy opens no connection: no endpoint (UH), no route (NR), a full queue (UO), no source port left (UF)."""
    all_is_well(lab)
    lab.node("orders.js")
    nobody, narrow = "outbound|8080||returns.shop.svc.cluster.local", "outbound|8080|v2|orders.shop.svc.cluster.local"
    limits = dict(thresholds=[dict(max_connections=1, max_pending_requests=1)])
    empty = dict(name=nobody, type="STATIC", connect_timeout="10s", load_assignment=dict(cluster_name=nobody, endpoints=[]))
    lab.gateway([route("/api/v1/returns", nobody), route("/api/v2", narrow), route("/api/v1/orders", ORDERS)],
                [empty, lab.upstream(narrow, circuit_breakers=limits), lab.upstream(ORDERS)])
    # Two ports for connections that Envoy opens: one for each cluster.
    lab.network.sysctl(lab.network.gateway, net__ipv4__ip_local_port_range="40000 40001")
    lab.record()
    shops = [lab.caller() for _ in range(3)]
    shops[0].ask("/api/v1/returns/7").expect(503)
    shops[0].ask("/favicon.ico").expect(404)
    queued = [shop.send("/api/v2/orders?wait=500") for shop in shops]
    lab.sleep(0.2)
    late = lab.caller()
    busy = late.send("/api/v1/orders/1842?wait=600")
    lab.sleep(0.1)
    another = lab.caller()
    another.ask("/api/v1/orders/1843").expect(503)
    statuses = sorted(asked.caller.receive(asked).expect(200, 503).status for asked in queued)
    if statuses != [200, 200, 503]:
        raise RuntimeError(f"one in use, one waiting, one refused: {statuses}")
    late.receive(busy).expect(200)
    for shop in (*shops, late, another):
        shop.close()


def no_endpoints(lab):
    """The gateway calls a service address without endpoints: the node answers SYNs with ICMP port unreachable, as kube-proxy does."""
    all_is_well(lab)
    lab.nginx(8081)
    lab.network.ip(lab.network.router, "route", "add", lab.options["empty_service"], "dev", "u0")
    lab.network.rule("-A", "FORWARD", "-p", "tcp", "-d", lab.options["empty_service"], "-j", "REJECT", "--reject-with", "icmp-port-unreachable")
    returns = "outbound|8080||returns.shop.svc.cluster.local"
    lab.gateway([route("/api/v1/returns", returns), route("/", CATALOG)],
                [cluster(returns, [(lab.options["empty_service"], 8080)]), lab.upstream(CATALOG, 8081)])
    lab.record()
    shop = lab.caller()
    shop.ask("/api/v1/catalog?page=1").expect(200)
    for number in (7, 8):
        shop.ask(f"/api/v1/returns/{number}").expect(503).upstream_end(
            "handshake-incomplete", "none", "none", "no-endpoints", notes="ICMP port unreachable, which Envoy calls connection refused: there is no RST")
        lab.sleep(0.2)
    shop.ask("/api/v1/catalog?page=2").expect(200)
    shop.close()
