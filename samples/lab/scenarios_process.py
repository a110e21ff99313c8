"""Scenarios of a process behind a gateway, or the gateway's own: shut down, recycled, out of descriptors, stopped."""
import signal

from envoy_config import route
from kubernetes import Shop, all_is_well, listing
from scenarios_gateway import ORDERS, UPLOAD


def graceful_shutdown(lab):
    """SIGTERM: the application closes its listener and idle connections; requests in hand are cut by SIGKILL 3 s later."""
    application = lab.node("orders.js", graceful=True)
    lab.gateway([route("/", ORDERS)], [lab.upstream(ORDERS)])
    lab.record()
    shops = [lab.caller() for _ in range(3)]
    for asked in [shop.send("/api/v1/orders/1842?wait=80") for shop in shops]:
        asked.caller.receive(asked).expect(200)
    lab.sleep(0.4)
    long = shops[0].send("/api/v1/reports/2026-08?wait=20000")
    short = shops[1].send("/api/v1/orders/1843?wait=1200")
    lab.sleep(0.3)
    lab.mark("terminated")
    application.signal(signal.SIGTERM)
    lab.sleep(0.5)
    shops[2].ask("/api/v1/orders/1844").expect(503).upstream_end(
        "handshake-incomplete", "upstream", "upstream", "connection-refused", causes_also_right=["graceful-shutdown"],
        notes="the listener was closed at SIGTERM, and the endpoint is still in Envoy's list")
    shops[2].close()
    shops[1].receive(short).expect(200).upstream_end("fin", "none", "upstream", "graceful-shutdown", role="background",
                                                     notes="its request was answered within the grace period, then it was closed")
    lab.sleep(3 - 0.5 - 0.9)
    lab.mark("killed")
    application.signal(signal.SIGKILL)
    shops[0].receive(long).expect(503).upstream_end("fin", "none", "upstream", "graceful-shutdown",
                                                    notes="SIGKILL at the end of the grace period of 3 s cut the request in hand")
    lab.other_upstream_ends("fin", "none", "upstream", "graceful-shutdown", role="background", notes="idle: closed at SIGTERM")
    for shop in shops[:2]:
        shop.close()

    def cluster(clock):
        shop = Shop(lab, clock)
        asked = shop.at("terminated")
        pod = shop.orders_pod(deleted=asked, grace=3, is_ready=False, ready_at=asked)
        return listing(*shop.gateway(), *shop.orders_service("terminating"), pod, shop.tells("Killing", "Stopping container orders", asked))

    lab.cluster_objects = cluster


def worker_recycled(lab):
    """gunicorn kills the one of its three workers that is busy for longer than --timeout."""
    all_is_well(lab)
    lab.gunicorn("--workers", 3, "--timeout", 2)
    lab.gateway([route("/", ORDERS)], [lab.upstream(ORDERS)])
    lab.record()
    shop, other = lab.caller(), lab.caller()
    shop.ask("/api/v1/orders/1").expect(200)
    slow = shop.send("/api/v1/reports/2026-08?wait=9&stuck=1")
    for number in range(2, 6):
        lab.sleep(0.6)
        other.ask(f"/api/v1/orders/{number}").expect(200)
    shop.receive(slow).expect(503).upstream_end("fin", "none", "upstream", "worker-recycled", causes_also_right=["application-timeout"],
                                                notes="gunicorn --timeout 2: the busy worker was killed and replaced, the others went on")
    other.ask("/api/v1/orders/6").expect(200)
    for caller in (shop, other):
        caller.close()


def descriptor_exhaustion(lab):
    """Node.js has so few descriptors that some of the connections in use take the last: new ones it accepts and closes at once."""
    all_is_well(lab)
    lab.node("orders.js", descriptors=lab.options.get("descriptors", 26))
    lab.gateway([route("/", ORDERS)], [lab.upstream(ORDERS)])
    lab.record()
    shops = [lab.caller() for _ in range(12)]
    held = []
    for shop in shops:
        held.append(shop.send("/api/v1/orders/1842?wait=1500"))
        lab.sleep(0.05)
    for asked in held:
        asked.caller.receive(asked).expect(200, 503)
        if asked.status == 503:
            asked.upstream_end(None, "upstream", "upstream", "descriptor-exhaustion",
                               notes="EMFILE: Node.js accepted the connection and closed it at once")
    if len({asked.status for asked in held}) < 2:
        raise RuntimeError("all or none of the connections found a descriptor")
    lab.sleep(0.2)
    shops[0].ask("/api/v1/orders/1843").expect(200)
    for shop in shops:
        shop.close()


def application_hang(lab):
    """The application is stopped (SIGSTOP, as a deadlock): requests are acknowledged and not answered, an upload fills the window."""
    all_is_well(lab)
    application = lab.node("orders.js")
    lab.gateway([route("/", ORDERS, timeout="4s")], [lab.upstream(ORDERS)])
    lab.record()
    shops = [lab.caller() for _ in range(3)]
    for asked in [shop.send("/api/v1/orders/1842?wait=60") for shop in shops[:2]]:
        asked.caller.receive(asked).expect(200)
    application.signal(signal.SIGSTOP)
    asked = [shops[0].send("/api/v1/orders/1843"), shops[1].send("/api/v1/orders/1844"),
             shops[2].send("/api/v1/imports", UPLOAD * 130)]
    # Where the window is closed, Envoy's FIN waits behind the data that nobody reads: no end is on the wire.
    for one, also in zip(asked, ([], [], ["zero-window-stall"])):
        one.caller.receive(one).expect(504)
        one.upstream_end(None, "none", None, "application-hang", causes_also_right=["application-timeout", *also],
                         notes="the process was stopped; Envoy gave up after its route timeout of 4 s")
    lab.sleep(0.5)
    for shop in shops:
        shop.close()
    lab.sleep(0.3)


def proxy_starved(lab):
    """Envoy is stopped for 2.5 s (as one whose CPU quota is used up): its kernel goes on acknowledging."""
    all_is_well(lab)
    lab.node("orders.js")
    envoy = lab.gateway([route("/", ORDERS)], [lab.upstream(ORDERS)])
    lab.record()
    patient, impatient = lab.caller(), lab.caller()
    for asked in [shop.send("/api/v1/orders/1842?wait=60") for shop in (patient, impatient)]:
        asked.caller.receive(asked).expect(200)
    waiting = patient.send("/api/v1/orders/1843?wait=400")
    lab.sleep(0.1)
    envoy.signal(signal.SIGSTOP)
    given_up = impatient.send("/api/v1/orders/1844")
    late = lab.caller()
    asked_late = late.send("/api/v1/orders/1845")
    impatient.receive(given_up, patience=1.5).fails_with("TimeoutError")
    impatient.close()
    lab.sleep(1.0)
    envoy.signal(signal.SIGCONT)
    patient.receive(waiting).expect(200)
    late.receive(asked_late).expect(200)
    lab.sleep(0.3)
    impatient.downstream_end("fin", None, "client", "sidecar-starved", causes_also_right=["client-cancel"],
                             notes="Envoy was stopped for 2.5 s; the client gave up after 1.5 s")
    given_up.upstream_end(None, None, "client", "client-cancel", causes_also_right=["sidecar-starved"],
                          notes="Envoy read the request and the client's FIN at once: it passed on the one and then the other")
    for shop in (patient, late):
        shop.close()


def proxy_restarted(lab):
    """Envoy is stopped (SIGTERM, without the drain that an agent would ask for) with a request under way: every connection of it ends."""
    all_is_well(lab)
    lab.node("orders.js")
    envoy = lab.gateway([route("/", ORDERS)], [lab.upstream(ORDERS)])
    lab.record()
    shops = [lab.caller() for _ in range(3)]
    for asked in [shop.send("/api/v1/orders/1842?wait=60") for shop in shops]:
        asked.caller.receive(asked).expect(200)
    waiting = shops[0].send("/api/v1/reports/2026-08?wait=5000")
    lab.sleep(0.4)
    lab.mark("terminated")
    envoy.signal(signal.SIGTERM)
    shops[0].receive(waiting).fails_with("RemoteDisconnected", "ConnectionResetError")
    waiting.upstream_end(None, None, "client", "sidecar-restarted", notes="Envoy ended with the request in hand")
    lab.other_upstream_ends("fin", "none", "client", "sidecar-restarted", notes="idle in Envoy's pool when it ended")
    for shop, what in zip(shops, ("a request in hand", "no request in hand", "no request in hand")):
        shop.downstream_end(None, None, "upstream", "sidecar-restarted", notes=f"Envoy ended with {what}")
    lab.sleep(0.3)
    late = lab.caller(connects=False)
    late.downstream_end("handshake-incomplete", "upstream", "upstream", "connection-refused", causes_also_right=["sidecar-restarted"],
                        notes="nothing listens at the gateway")
    for shop in shops:
        shop.close()

    def cluster(clock):
        shop = Shop(lab, clock)
        ended = clock("gateway")(shop.moments["terminated"])
        return listing(*shop.gateway(ended), *shop.orders_service(), shop.orders_pod())

    lab.cluster_objects = cluster
