"""Scenarios with Envoy as sidecars of the client's and of the application's pod, as Istio sets them up."""
import signal

from envoy_config import client_tls, route, server_tls
from identities import Authority, client_context
from kubernetes import Shop, listing, pods_only, running

SNI = "outbound_.8080_._.orders.shop.svc.cluster.local"
ORDERS = "outbound|8080||orders.shop.svc.cluster.local"


def plaintext_to_strict(lab):
    """A client without sidecar speaks plaintext to a pod whose sidecar wants mutual TLS (STRICT)."""
    pods_only(lab)
    mesh = Authority(lab.folder)
    lab.node("orders.js")
    lab.server_sidecar({lab.case.port: "STRICT"}, server_tls(mesh.issue("orders")))
    lab.record()
    neighbour = lab.caller(tls=(client_context(mesh.issue("checkout")), SNI))
    neighbour.ask("/api/v1/orders/1842").expect(200)
    for number in (1843, 1844):
        plain = lab.caller()
        plain.ask(f"/api/v1/orders/{number}").fails_with("ConnectionResetError", "RemoteDisconnected")
        plain.downstream_end(None, None, "upstream", "plaintext-to-tls-port", notes="STRICT: no filter chain of the sidecar takes plaintext")
        lab.sleep(0.2)
    neighbour.ask("/api/v1/orders/1845").expect(200)
    neighbour.close()


def permissive_and_strict(lab):
    """Two ports of one pod: plaintext is served at the PERMISSIVE one and refused at the STRICT one; mutual TLS works at both."""
    pods_only(lab, ports=(lab.case.port, lab.options["strict_port"]))
    mesh = Authority(lab.folder)
    strict = lab.options["strict_port"]
    lab.node("orders.js")
    lab.node("orders.js", port=strict)
    lab.server_sidecar({lab.case.port: "PERMISSIVE", strict: "STRICT"}, server_tls(mesh.issue("orders")))
    lab.network.dnat(lab.case.service, strict, strict)
    lab.record()
    context = client_context(mesh.issue("checkout"))
    for port in (lab.case.service_port, strict):
        neighbour = lab.caller(target=(lab.case.service, port), tls=(context, SNI))
        neighbour.ask(f"/api/v1/orders/{port}").expect(200)
        neighbour.close()
    for number in (1843, 1844):
        plain = lab.caller()
        plain.ask(f"/api/v1/orders/{number}").expect(200)
        plain.close()
        refused = lab.caller(target=(lab.case.service, strict))
        refused.ask(f"/api/v1/orders/{number}").fails_with("ConnectionResetError")
        refused.downstream_end("rst", "upstream", "upstream", "plaintext-to-tls-port", notes="STRICT: no filter chain of the sidecar takes plaintext")
        lab.sleep(0.2)


def tls_to_plaintext(lab):
    """The client's sidecar is told to use mutual TLS, the application's pod has no sidecar: Node.js answers 400 to a ClientHello."""
    pods_only(lab, client_sidecar=True, server_sidecar=False)
    mesh = Authority(lab.folder)
    lab.node("orders.js")
    lab.client_sidecar([route("/", ORDERS)], [lab.upstream(ORDERS, tls=client_tls(mesh.issue("checkout"), SNI))])
    lab.record()
    shop = lab.caller()
    for number in (1842, 1843):
        shop.ask(f"/api/v1/orders/{number}").expect(503).upstream_end(
            "tls-aborted", None, None, "tls-to-plaintext-port", notes="the answer to the ClientHello is HTTP/1.1 400 Bad Request")
        lab.sleep(0.3)
    shop.close()


def client_certificate_refused(lab):
    """The client's certificate comes from an authority that the application's sidecar does not trust (a root that was rotated)."""
    mesh, old = Authority(lab.folder), Authority(lab.folder, "old.cluster.local")
    lab.node("orders.js")
    lab.server_sidecar({lab.case.port: "STRICT"}, server_tls(mesh.issue("orders")))
    identity = old.issue("checkout", trusts=mesh)
    lab.client_sidecar([route("/", ORDERS)], [lab.upstream(ORDERS, tls=client_tls(identity, SNI))])
    lab.record()
    shop = lab.caller()
    for number in (1842, 1843):
        shop.ask(f"/api/v1/orders/{number}").expect(503).upstream_end(
            "tls-aborted", None, None, "client-certificate-refused",
            notes="the sidecar of the application does not know the issuer of the client's certificate")
        lab.sleep(0.3)
    shop.close()


def server_certificate_refused(lab):
    """The client's sidecar does not trust the authority of the application's certificate."""
    mesh, old = Authority(lab.folder), Authority(lab.folder, "old.cluster.local")
    pods_only(lab, client_sidecar=True)
    lab.node("orders.js")
    lab.server_sidecar({lab.case.port: "STRICT"}, server_tls(mesh.issue("orders")))
    identity = mesh.issue("checkout", trusts=old)
    lab.client_sidecar([route("/", ORDERS)], [lab.upstream(ORDERS, tls=client_tls(identity, SNI))])
    lab.record()
    shop = lab.caller()
    for number in (1842, 1843):
        shop.ask(f"/api/v1/orders/{number}").expect(503).upstream_end(
            "tls-aborted", None, "client", "client-untrusted-ca", notes="the client's sidecar does not know the issuer of the server's certificate")
        lab.sleep(0.3)
    shop.close()


def client_certificate_missing(lab):
    """The client's sidecar speaks TLS without a certificate of its own (SIMPLE) to a STRICT sidecar."""
    mesh = Authority(lab.folder)
    lab.node("orders.js")
    lab.server_sidecar({lab.case.port: "STRICT"}, server_tls(mesh.issue("orders")))
    tls = client_tls((None, None, mesh.certificate), SNI, newest="TLSv1_2")
    lab.client_sidecar([route("/", ORDERS)], [lab.upstream(ORDERS, tls=tls)])
    lab.record()
    shop = lab.caller()
    for number in (1842, 1843):
        shop.ask(f"/api/v1/orders/{number}").expect(503).upstream_end(
            "tls-aborted", None, None, "mtls-client-certificate-missing",
            notes="the client's sidecar sends no certificate (SIMPLE instead of ISTIO_MUTUAL)")
        lab.sleep(0.3)
    shop.close()


def crash_behind_sidecar(lab):
    """The application is killed behind its sidecar: the reset is on the loopback interface, between the pods there is none."""
    mesh = Authority(lab.folder)
    application = lab.node("orders.js")
    lab.server_sidecar({lab.case.port: "STRICT"}, server_tls(mesh.issue("orders")))
    lab.client_sidecar([route("/", ORDERS)], [lab.upstream(ORDERS, tls=client_tls(mesh.issue("checkout"), SNI))])
    lab.record()
    shops = [lab.caller() for _ in range(2)]
    for shop in shops:
        shop.ask("/api/v1/orders/1842").expect(200)
    waiting = shops[0].send("/api/v1/orders/1843?wait=5000")
    lab.sleep(0.3)
    application.signal(signal.SIGSTOP)  # it hardly runs any more, as when memory is being reclaimed
    unread = shops[1].send("/api/v1/imports", b'{"sku":"B-2210","quantity":1}' * 20)
    lab.sleep(0.2)
    lab.mark("killed")
    application.signal(signal.SIGKILL)
    shops[0].receive(waiting).expect(503).inner_end("fin", "none", "upstream", "upstream-crash",
                                                   notes="killed with a request in hand and nothing unread: FIN")
    shops[1].receive(unread).expect(503).inner_end("rst", "upstream", "upstream", "upstream-crash", notes="killed with a request unread: RST")
    lab.sleep(0.3)
    shops[0].ask("/api/v1/orders/1844").expect(503).inner_end(
        "handshake-incomplete", "upstream", "upstream", "connection-refused", notes="the process is gone, nothing listens")
    for shop in shops:
        shop.close()

    def cluster(clock):
        shop = Shop(lab, clock)
        killed, again = shop.at("killed"), shop.at("killed", 3.4)
        status = running("orders", again, restarts=1, last=("OOMKilled", 137, shop.began, killed))
        return listing(*shop.orders_service(cluster_ip=lab.case.service), shop.orders_pod([status], sidecar=True, ready_at=again),
                       shop.client_pod(sidecar=True), shop.tells("Started", "Started container orders", again))

    lab.cluster_objects = cluster


def egress_blocked(lab):
    """An address that the mesh does not know, with REGISTRY_ONLY: the sidecar accepts the connection and closes it; nothing leaves the pod."""
    lab.node("orders.js")
    lab.client_sidecar([route("/", ORDERS)], [lab.upstream(ORDERS)])
    lab.record()
    shop = lab.caller()
    shop.ask("/api/v1/orders/1842").expect(200)
    for number in range(2):
        out = lab.caller(target=(lab.options["outside"], 443), authority="payments.example.net")
        out.ask(f"/v1/charges/{number}").fails_with("ConnectionResetError", "RemoteDisconnected")
        out.downstream_end(None, None, None, "egress-blocked", notes="BlackHoleCluster: the sidecar has no endpoint for it and connects nowhere")
        lab.sleep(0.2)
    shop.ask("/api/v1/orders/1843").expect(200)
    shop.close()


def sidecar_starved(lab):
    """The application's sidecar gets no CPU time: its kernel completes handshakes, nobody answers the ClientHello."""
    pods_only(lab, client_sidecar=True)
    mesh = Authority(lab.folder)
    lab.node("orders.js")
    proxy = lab.server_sidecar({lab.case.port: "STRICT"}, server_tls(mesh.issue("orders")))
    lab.client_sidecar([route("/", ORDERS)], [lab.upstream(ORDERS, tls=client_tls(mesh.issue("checkout"), SNI), connect_timeout="2s")])
    lab.record()
    shop = lab.caller()
    shop.ask("/api/v1/orders/1842").expect(200)
    other = lab.caller()
    lab.sleep(0.2)
    proxy.signal(signal.SIGSTOP)
    waiting = shop.send("/api/v1/orders/1843")
    lab.sleep(0.2)
    other.ask("/api/v1/orders/1844").expect(503).upstream_end(
        "tls-aborted", None, None, "sidecar-starved", causes_also_right=["tls-server-silent"],
        notes="the sidecar was stopped: no answer to the ClientHello within the connect_timeout of 2 s")
    lab.sleep(0.6)
    proxy.signal(signal.SIGCONT)
    shop.receive(waiting).expect(200)
    lab.sleep(0.2)
    for caller in (shop, other):
        caller.close()
