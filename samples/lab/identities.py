"""Certificates of a mesh, made by openssl for the run: an authority and workloads named by SPIFFE."""
import os
import ssl

from network import run

CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


class Authority:
    """A CA in a folder. Its keys are readable for all users: they are worth nothing, and a proxy has a user of its own."""

    def __init__(self, folder, name="cluster.local"):
        self.folder = os.path.join(folder, f"authority-{name}")
        os.makedirs(self.folder)
        self.certificate, self.key = self.path("ca.pem"), self.path("ca.key")
        run("openssl", "req", "-x509", *CURVE, "-keyout", self.key, "-out", self.certificate, "-days", 3650, "-subj", f"/O={name}")

    def path(self, name):
        return os.path.join(self.folder, name)

    def issue(self, account, namespace="shop", trusts=None):
        """(chain, key, trusted ca) of a workload; `trusts` is an authority, this one unless told otherwise."""
        chain, key, request, extensions = (self.path(f"{account}.{end}") for end in ("pem", "key", "csr", "ext"))
        run("openssl", "req", *CURVE, "-keyout", key, "-out", request, "-subj", "/")
        with open(extensions, "w") as out:
            out.write(f"subjectAltName=critical,URI:spiffe://cluster.local/ns/{namespace}/sa/{account}\n"
                      "extendedKeyUsage=serverAuth,clientAuth\nbasicConstraints=critical,CA:FALSE\n")
        run("openssl", "x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial", "-days", 1,
            "-extfile", extensions, "-out", chain)
        os.chmod(key, 0o644)
        return chain, key, (trusts or self).certificate


def client_context(identity, protocols=("istio-http/1.1", "istio", "http/1.1")):
    """What another pod's sidecar would offer. Names are not checked: a workload has none that DNS knows."""
    chain, key, ca = identity
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(ca)
    context.load_cert_chain(chain, key)
    context.set_alpn_protocols(list(protocols))
    return context
