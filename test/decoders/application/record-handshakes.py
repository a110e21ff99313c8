"""Records TLS handshakes between two OpenSSL endpoints of this machine into handshakes.json.

Each entry is a list of [direction, hex]: what one side wrote in one go, 0 for the client. The names say what
was done; the expected values in the tests come from there. Run it in this folder: python3 record-handshakes.py
"""

import json
import os
import socket
import ssl
import subprocess
import tempfile
import threading
import time

work = tempfile.mkdtemp()


def path(name):
    return os.path.join(work, name)


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=work)


def certificate(name, subject):
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-days", "3650", "-keyout", f"{name}.key", "-out", f"{name}.pem", "-subj", subject)


certificate("server", "/CN=orders.example")
certificate("client", "/CN=client.example")
certificate("stranger", "/CN=stranger.example")

V12, V13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


def server_context(version, verify=False, alpn=None, curve=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = context.maximum_version = version
    context.load_cert_chain(path("server.pem"), path("server.key"))
    if verify:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(path("client.pem"))
    if alpn:
        context.set_alpn_protocols(alpn)
    if curve:
        context.set_ecdh_curve(curve)
    return context


def client_context(version, identity=None, alpn=None, trusts="server"):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = context.maximum_version = version
    context.check_hostname = False
    context.load_verify_locations(path(f"{trusts}.pem"))
    if identity:
        context.load_cert_chain(path(f"{identity}.pem"), path(f"{identity}.key"))
    if alpn:
        context.set_alpn_protocols(alpn)
    return context


def converse(client, server, request=b"GET / HTTP/1.1\r\n\r\n", session=None):
    """Handshake, a request, a response, close_notify of both sides, as far as it goes."""
    flights = []
    inputs = ssl.MemoryBIO(), ssl.MemoryBIO()
    outputs = ssl.MemoryBIO(), ssl.MemoryBIO()
    c = client.wrap_bio(inputs[0], outputs[0], server_hostname="orders.example", session=session)
    s = server.wrap_bio(inputs[1], outputs[1], server_side=True)
    failed = set()

    def attempt(side, action):
        if side in failed:
            return
        try:
            action((c, s)[side])
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError:
            failed.add(side)
        written = outputs[side].read()
        if written:
            flights.append([side, written.hex()])
            inputs[1 - side].write(written)

    done = {0: False, 1: False}
    for _ in range(8):
        for side in (0, 1):
            if done[side] or side in failed:
                continue
            attempt(side, lambda endpoint: (endpoint.do_handshake(), done.__setitem__(side, True)))
    if done[0]:
        attempt(0, lambda endpoint: endpoint.write(request))
    if done[1]:
        attempt(1, lambda endpoint: endpoint.read(4096))
        attempt(1, lambda endpoint: endpoint.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
    attempt(0, lambda endpoint: endpoint.read(4096))
    result_session = c.session if done[0] and 0 not in failed else None
    if done[0] and done[1]:
        attempt(1, lambda endpoint: endpoint.unwrap())
        attempt(0, lambda endpoint: endpoint.unwrap())
    return flights, result_session


class Relay:
    """One connection through loopback, recorded."""

    def __init__(self, target):
        self.flights = []
        self.target = target
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        client, _ = self.listener.accept()
        upstream = socket.create_connection(("127.0.0.1", self.target))
        pump = threading.Thread(target=self.pump, args=(upstream, client, 1))
        pump.start()
        self.pump(client, upstream, 0)
        pump.join()

    def pump(self, source, sink, direction):
        try:
            while data := source.recv(65536):
                self.flights.append([direction, data.hex()])
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def early_data(restart):
    """0-RTT with a session of the same server, or of one that was restarted and cannot know it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    def serve():
        process = subprocess.Popen(
            ["openssl", "s_server", "-accept", str(port), "-cert", path("server.pem"), "-key",
             path("server.key"), "-tls1_3", "-early_data", "-no_anti_replay", "-quiet"],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.5)
        return process

    server = serve()
    with open(path("early.txt"), "wb") as file:
        file.write(b"GET /early HTTP/1.1\r\nHost: orders.example\r\n\r\n")

    def client(port, *options):
        process = subprocess.Popen(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername",
             "orders.example", "-tls1_3", "-quiet", *options],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.7)
        if "-early_data" in options:
            server.stdin.write(b"answer\n")
            server.stdin.flush()
            time.sleep(0.3)
        process.stdin.close()
        process.terminate()
        process.wait()

    client(port, "-sess_out", path("session.pem"))
    if restart:
        server.terminate()
        server.wait()
        server = serve()
    relay = Relay(port)
    client(relay.port, "-sess_in", path("session.pem"), "-early_data", path("early.txt"))
    server.terminate()
    server.wait()
    relay.thread.join(5)
    return relay.flights


recordings = {}


def record(name, client, server, **options):
    recordings[name], session = converse(client, server, **options)
    return session


record("tls12", client_context(V12), server_context(V12))
record("tls13", client_context(V13), server_context(V13))
record("tls12-alpn-h2", client_context(V12, alpn=["h2", "http/1.1"]), server_context(V12, alpn=["h2"]))
record("tls13-alpn-h2", client_context(V13, alpn=["h2", "http/1.1"]), server_context(V13, alpn=["h2"]))
for name, version in (("tls12", V12), ("tls13", V13)):
    for identity in ("client", "stranger", None):
        record(f"{name}-mtls-{identity or 'none'}", client_context(version, identity),
               server_context(version, verify=True))
    record(f"{name}-server-not-trusted", client_context(version, trusts="stranger"),
           server_context(version))
    client, server = client_context(version), server_context(version)
    _, session = converse(client, server)
    record(f"{name}-resumed", client, server, session=session)
record("tls13-retry", client_context(V13), server_context(V13, curve="secp384r1"))
record("tls12-to-tls13-only", client_context(V12), server_context(V13))
recordings["tls13-early-data"] = early_data(restart=False)
recordings["tls13-early-data-rejected"] = early_data(restart=True)

with open("handshakes.json", "w") as file:
    json.dump(recordings, file, indent=0)
    file.write("\n")
for name, flights in recordings.items():
    print(name, [(direction, len(data) // 2) for direction, data in flights])
