"""Scenarios of time limits around a gateway: connect, idle, route, application, age."""
from envoy_config import route
from kubernetes import all_is_well
from scenarios_gateway import CATALOG, ORDERS, UPLOAD


def connect_timeout(lab):
    """A network policy drops the SYNs to one port of the application's pod; Envoy gives up after Istio's 10 s."""
    all_is_well(lab, ports=(8080, 8081))
    lab.nginx(8081)
    lab.network.rule("-A", "FORWARD", "-p", "tcp", "-d", lab.case.upstream_address, "--dport", lab.case.port, "-j", "DROP")
    lab.gateway([route("/api/v1/catalog", CATALOG), route("/", ORDERS)], [lab.upstream(ORDERS), lab.upstream(CATALOG, 8081)])
    lab.record()
    shop, other = lab.caller(), lab.caller()
    shop.ask("/api/v1/catalog?page=1").expect(200)
    asked = shop.send("/api/v1/orders/1842")
    lab.sleep(3)
    other.ask("/api/v1/catalog?page=2").expect(200)
    shop.receive(asked).expect(503).upstream_end("handshake-incomplete", "none", "none", "syn-dropped",
                                                 notes="SYN dropped in the router; Envoy gave up after connect_timeout, 10 s")
    shop.ask("/api/v1/catalog?page=3").expect(200)
    shop.close()
    other.close()


def idle_timeout(lab):
    """Node.js closes pooled connections that were idle for its keepAliveTimeout; Envoy opens new ones, nothing is lost."""
    lab.node("orders.js", keepAliveTimeout=2000)
    lab.gateway([route("/", ORDERS)], [lab.upstream(ORDERS)])
    lab.record()
    shops = [lab.caller() for _ in range(2)]
    # Both at once, so that Envoy opens two connections; and again when they are gone.
    for number, pause in ((1840, 3.6), (1841, 0.3)):
        for asked in [shop.send(f"/api/v1/orders/{number}?wait=60") for shop in shops]:
            asked.caller.receive(asked).expect(200)
        lab.sleep(pause)
    for shop in shops:
        shop.exchanges[0].upstream_end("fin", "none", "upstream", "idle-timeout",
                                       notes="Node.js keepAliveTimeout of 2 s, to which it adds one; Envoy closed too, nothing was lost")
        shop.close()


def route_timeout(lab):
    """The application takes longer than the route's timeout: Envoy answers 504 and closes its connection."""
    lab.node("orders.js")
    lab.gateway([route("/", ORDERS, timeout="1.5s")], [lab.upstream(ORDERS)])
    lab.record()
    shop, other = lab.caller(), lab.caller()
    other.ask("/api/v1/orders/1").expect(200)
    for number in (1842, 1843):
        slow = shop.send(f"/api/v1/orders/{number}?wait=2500")
        lab.sleep(0.3)
        other.ask(f"/api/v1/orders/{number}").expect(200)
        shop.receive(slow).expect(504).upstream_end(
            "fin", None, "client", "application-timeout", causes_also_right=["client-cancel"],
            notes="route timeout of 1.5 s: Envoy closed with the response still owed; the application takes 2.5 s")
        lab.sleep(0.5)
    lab.sleep(0.9)
    shop.close()
    other.close()


def application_timeout(lab):
    """Node.js ends requests by limits of its own: one is too slow to answer, one too slow to arrive."""
    all_is_well(lab)
    lab.node("orders.js", timeout=1500, requestTimeout=1200, connectionsCheckingInterval=300)
    lab.gateway([route("/", ORDERS)], [lab.upstream(ORDERS)])
    lab.record()
    shop, other, uploader = lab.caller(), lab.caller(), lab.caller()
    other.ask("/api/v1/orders/1").expect(200)
    slow = shop.send("/api/v1/reports/2026-08?wait=4000")
    lab.sleep(0.4)
    other.ask("/api/v1/orders/2").expect(200)
    shop.receive(slow).expect(503).upstream_end("fin", "none", "upstream", "application-timeout",
                                                notes="server.timeout of 1.5 s: Node.js closed with the response still owed")
    late = uploader.send("/api/v1/orders", UPLOAD[:200], missing=100)
    uploader.receive(late).expect(408).upstream_end("fin", None, "upstream", "application-timeout",
                                                    notes="requestTimeout of 1.2 s: Node.js answered 408 to a request half arrived, and closed")
    other.ask("/api/v1/orders/3").expect(200)
    for caller in (shop, other, uploader):
        caller.close()


def worker_timeout(lab):
    """gunicorn kills its worker, whose request takes longer than --timeout."""
    all_is_well(lab)
    lab.gunicorn("--workers", 1, "--timeout", 2)
    lab.gateway([route("/", ORDERS)], [lab.upstream(ORDERS)])
    lab.record()
    shop = lab.caller()
    for number in (1, 2):
        shop.ask(f"/api/v1/orders/{number}").expect(200)
    shop.ask("/api/v1/reports/1842?wait=8&stuck=1").expect(503).upstream_end(
        "fin", "none", "upstream", "application-timeout", causes_also_right=["worker-recycled"],
        notes="gunicorn --timeout 2: the only worker did not heed SIGABRT and was killed")
    lab.sleep(0.5)
    shop.ask("/api/v1/orders/3").expect(200)
    shop.ask("/api/v1/reports/1843?wait=8").expect(500).upstream_end(
        "fin", "none", None, "application-timeout", causes_also_right=["worker-recycled", "healthy"],
        notes="gunicorn --timeout 2: the worker heeded SIGABRT, answered 500 and ended")
    lab.sleep(0.5)
    shop.ask("/api/v1/orders/4").expect(200)
    shop.close()


def connection_age(lab):
    """Envoy closes connections at a fixed age: pooled ones, one of its client's, and those of a TCP proxy in the middle of a response."""
    all_is_well(lab)
    lab.node("orders.js")
    pooled = lab.upstream(ORDERS, common=dict(max_connection_duration="2s"))
    lab.gateway([route("/", ORDERS)], [pooled, lab.upstream("raw")], raw=(9000, "raw", dict(max_downstream_connection_duration="2.5s")),
                common_http_protocol_options=dict(max_connection_duration="3s"), drain_timeout="1s")
    lab.record()
    shop, stream = lab.caller(), lab.caller(target=(lab.case.service, 9000))
    exported = stream.send("/export/orders")
    for number in range(5):
        shop.ask(f"/api/v1/orders/{number}").expect(200)
        lab.sleep(0.55)
    stream.receive(exported).fails_with("IncompleteRead")
    cut = "max_downstream_connection_duration of 2.5 s in the middle of a response"
    exported.upstream_end("fin", "none", "client", "connection-age-limit", notes=cut)
    stream.downstream_end("fin", "none", "upstream", "connection-age-limit", notes=cut)
    lab.sleep(2.5)
    for asked in (shop.exchanges[0], shop.exchanges[-1]):
        asked.upstream_end("fin", "none", "client", "connection-age-limit", notes="the cluster's max_connection_duration of 2 s; it was idle")
    shop.downstream_end("fin", "none", "upstream", "connection-age-limit",
                        notes="max_connection_duration of 3 s, drain_timeout of 1 s and delayed_close_timeout of 1 s; it was idle")
    for caller in (shop, stream):
        caller.close()
