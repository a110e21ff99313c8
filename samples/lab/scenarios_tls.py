"""Scenarios of TLS handshakes that fail, with certificates made for the run."""
import os
import socket
import ssl
import threading

from conversation import abort, http_request, http_response, read_exactly, read_some
from network import run


class Certificates:
    """A CA and a server certificate (P-256), made by openssl in a folder."""

    def __init__(self, folder, name="ledger.payments.svc"):
        self.ca, self.key, self.certificate = (os.path.join(folder, f) for f in ("ca.pem", "server.key", "server.pem"))
        ca_key, request, extensions = (os.path.join(folder, f) for f in ("ca.key", "server.csr", "san"))
        curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        run("openssl", "req", "-x509", *curve, "-keyout", ca_key, "-out", self.ca, "-days", 30, "-subj", "/CN=mesh root")
        run("openssl", "req", *curve, "-keyout", self.key, "-out", request, "-subj", f"/CN={name}")
        with open(extensions, "w") as out:
            out.write(f"subjectAltName=DNS:{name}\n")
        run("openssl", "x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", ca_key, "-CAcreateserial", "-days", 30,
            "-extfile", extensions, "-out", self.certificate)

    def server(self, require_client=False, version=ssl.TLSVersion.TLSv1_3):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        context.minimum_version = context.maximum_version = version
        context.num_tickets = 1 if version == ssl.TLSVersion.TLSv1_3 else context.num_tickets
        if require_client:
            context.load_verify_locations(self.ca)
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def client(self, trust=True):
        context = ssl.create_default_context(cafile=self.ca if trust else None)
        return context


def handshake(connection, server_context, client_context, name="ledger.payments.svc"):
    """Both handshakes at once; each end's TLS socket or error."""
    result = {}

    def serve():
        try:
            result["server"] = server_context.wrap_socket(connection.server, server_side=True)
        except (OSError, ssl.SSLError) as error:
            result["server"] = error
            connection.server.close()

    connection.server.settimeout(8)
    connection.client.settimeout(8)
    thread = threading.Thread(target=serve)
    thread.start()
    try:
        result["client"] = client_context.wrap_socket(connection.client, server_hostname=name)
    except (OSError, ssl.SSLError) as error:
        result["client"] = error
        connection.client.close()
    return result, thread


def healthy_tls(lab, listener, server_context, client_context, ends=("client", None)):
    for end in ends:
        connection = lab.connect(listener, "background")
        result, thread = handshake(connection, server_context, client_context)
        thread.join()
        if isinstance(result["server"], Exception) or isinstance(result["client"], Exception):
            raise RuntimeError(f"healthy handshake failed: {result}")
        connection.client, connection.server = result["client"], result["server"]
        lab.sockets += [connection.client, connection.server]
        connection.exchange()
        if end:
            one, two = (connection.client, connection.server) if end == "client" else (connection.server, connection.client)
            one.shutdown(socket.SHUT_WR)
            read_some(two)
            two.close()
            while read_some(one):  # an alert may come before the end of file
                pass
            one.close()
            connection.end("fin", first_close_by=end)
        else:
            connection.end("open", first_close_by="none")


def with_certificates(scenario):
    def run_it(lab):
        import tempfile
        with tempfile.TemporaryDirectory() as folder:
            scenario(lab, Certificates(folder))
    run_it.__doc__ = scenario.__doc__
    return run_it


@with_certificates
def client_certificate_missing(lab, certificates):
    """The server requires a client certificate and the client has none; both versions of TLS (option `version`)."""
    version = lab.options.get("version", ssl.TLSVersion.TLSv1_3)
    listener, strict = lab.listen(), lab.listen(lab.options["strict_port"])
    lab.network.dnat(lab.case.service, lab.case.service_port + 1, lab.options["strict_port"])
    target = (lab.case.service, lab.case.service_port + 1)
    healthy_tls(lab, listener, certificates.server(), certificates.client())
    for _ in range(lab.options.get("connections", 2)):
        connection = lab.connect(strict, target=target)
        result, thread = handshake(connection, certificates.server(True, version), certificates.client())
        request = http_request("/v1/ledger")
        said = result["client"]
        if not isinstance(said, Exception):  # TLS 1.3: the client believes that the handshake is done
            connection.client = said
            lab.sleep(lab.options.get("hesitates", 0.0))
            try:
                said.sendall(request)
            except OSError as error:
                said = error
        thread.join()
        lab.sleep(0.1 + sum(lab.case.delay_ms) / 1000)
        if not isinstance(result["client"], Exception):
            try:
                result["client"].recv(100)
            except OSError as error:
                said = error
            result["client"].close()
        lab.sleep(0.1)
        by = "upstream" if version == ssl.TLSVersion.TLSv1_3 else None
        more = {} if by else dict(from_unshifted_packets=["first_rst_by", "first_close_by"])
        connection.end("tls-aborted", by, by, "mtls-client-certificate-missing",
                       notes=f"server: {result['server']}; client: {said}", **more)
    healthy_tls(lab, listener, certificates.server(), certificates.client(), ("upstream",))


@with_certificates
def client_rejects_ca(lab, certificates):
    """The client does not trust the certificate: alert, then close."""
    listener = lab.listen()
    healthy_tls(lab, listener, certificates.server(), certificates.client())
    for _ in range(lab.options.get("connections", 2)):
        connection = lab.connect(listener)
        result, thread = handshake(connection, certificates.server(version=lab.options.get("version", ssl.TLSVersion.TLSv1_3)), certificates.client(trust=False))
        thread.join()
        lab.sleep(0.1)
        connection.end("tls-aborted", None, None, "client-untrusted-ca", notes=f"server: {result['server']}; client: {result['client']}",
                       from_unshifted_packets=["first_rst_by", "first_close_by"])


@with_certificates
def reset_at_client_hello(lab, certificates):
    """The upstream resets when it has read the ClientHello."""
    listener = lab.listen()
    healthy_tls(lab, listener, certificates.server(), certificates.client())
    for _ in range(lab.options.get("connections", 2)):
        connection = lab.connect(listener)

        def serve():
            read_some(connection.server, 5)
            abort(connection.server)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            certificates.client().wrap_socket(connection.client, server_hostname="ledger.payments.svc")
        except OSError:
            pass
        thread.join()
        connection.end("tls-aborted", "upstream", "upstream", "upstream-reset-at-clienthello")
        lab.sleep(0.1)


@with_certificates
def plaintext_to_tls(lab, certificates):
    """A plaintext HTTP client on a TLS port."""
    listener = lab.listen()
    healthy_tls(lab, listener, certificates.server(), certificates.client())
    for _ in range(lab.options.get("connections", 2)):
        connection = lab.connect(listener)
        connection.server.settimeout(5)
        connection.client.sendall(http_request("/v1/ledger") * lab.options.get("repeat", 1))
        lab.sleep(0.02 + lab.case.delay_ms[0] / 1000)
        try:
            certificates.server().wrap_socket(connection.server, server_side=True)
        except (OSError, ssl.SSLError):
            connection.server.close()
        lab.sleep(0.1 + sum(lab.case.delay_ms) / 1000)
        read_some(connection.client)
        connection.client.close()
        lab.sleep(0.1 + sum(lab.case.delay_ms) / 1000)
        connection.end(None, None, None, "plaintext-to-tls-port", from_unshifted_packets=["class", "first_rst_by", "first_close_by"])


@with_certificates
def server_silent(lab, certificates):
    """The server accepts and never answers the ClientHello; the client gives up."""
    listener = lab.listen()
    healthy_tls(lab, listener, certificates.server(), certificates.client())
    pool = []
    for _ in range(lab.options.get("connections", 2)):
        connection = lab.connect(listener)
        connection.client.settimeout(lab.options.get("patience", 4))
        try:
            certificates.client().wrap_socket(connection.client, server_hostname="ledger.payments.svc")
        except OSError:
            connection.client.close()
        lab.sleep(0.1)
        read_some(connection.server)
        connection.server.close()
        connection.end("tls-aborted", None, None, "tls-server-silent", from_unshifted_packets=["first_rst_by", "first_close_by"])
    lab.sleep(0.1)
