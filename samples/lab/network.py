"""Two hosts (or three) and a router between them, as network namespaces; every address is a parameter.

    client eth0 ── c0 router u0 ── eth0 upstream
                      g0 ── eth0 gateway

The router translates service addresses (DNAT), may translate sources (SNAT), and may pass all packets through
a Forwarder in user space (for delays, losses and forgeries).
"""
import ctypes
import ipaddress
import os
import subprocess
from contextlib import contextmanager

CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


def run(*command, check=True):
    done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}: {done.stdout.strip()}")
    return done.stdout


@contextmanager
def inside(namespace):
    """Sockets and processes made by this thread belong to the namespace."""
    with open("/proc/thread-self/ns/net") as here, open(f"/run/netns/{namespace}") as there:
        enter(there)
        try:
            yield
        finally:
            enter(here)


def enter(handle):
    if libc.setns(handle.fileno(), CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


class Network:
    """The namespaces of one case; use as a context manager, which removes them whatever happens."""

    def __init__(self, client="10.42.1.17", upstream="10.42.3.8", gateway=None, name="rstlab"):
        self.client_address, self.upstream_address, self.gateway_address = client, upstream, gateway
        self.version = ipaddress.ip_address(client).version
        self.prefix = 24 if self.version == 4 else 64
        self.client, self.router, self.upstream, self.gateway = (f"{name}-{os.getpid()}-{end}" for end in ("c", "r", "u", "g"))
        self.client_gateway, self.upstream_gateway = self.router_address(client), self.router_address(upstream)
        self.iptables = "iptables" if self.version == 4 else "ip6tables"

    def __enter__(self):
        try:
            self.build()
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(self, *_):
        self.remove()

    def remove(self):
        for namespace in (self.client, self.router, self.upstream, self.gateway):
            run("ip", "netns", "del", namespace, check=False)

    def router_address(self, host):
        """The router's address in the network of a host."""
        return str(ipaddress.ip_interface(f"{host}/{self.prefix}").network.network_address + 1)

    def ip(self, namespace, *words):
        return run("ip", f"-{self.version}", "-n", namespace, *words)

    def on(self, namespace, *words, check=True):
        return run("ip", "netns", "exec", namespace, *words, check=check)

    def sysctl(self, namespace, **settings):
        for key, value in settings.items():
            self.on(namespace, "sysctl", "-qw", f"{key.replace('__', '.')}={value}")

    def build(self):
        ends = [(self.client, "c0", self.client_address), (self.upstream, "u0", self.upstream_address)]
        if self.gateway_address:
            ends.append((self.gateway, "g0", self.gateway_address))
        for namespace in (self.router, *(end for end, _, _ in ends)):
            run("ip", "netns", "add", namespace)
            self.sysctl(namespace, net__ipv6__conf__all__accept_dad=0, net__ipv6__conf__default__accept_dad=0,
                        net__ipv6__conf__all__router_solicitations=0)
            run("ip", "-n", namespace, "link", "set", "lo", "up")
        for end, near, address in ends:
            run("ip", "link", "add", near, "netns", self.router, "type", "veth", "peer", "name", "eth0", "netns", end)
            self.ip(self.router, "addr", "add", f"{self.router_address(address)}/{self.prefix}", "dev", near)
            self.ip(end, "addr", "add", f"{address}/{self.prefix}", "dev", "eth0")
            run("ip", "-n", self.router, "link", "set", near, "up")
            run("ip", "-n", end, "link", "set", "eth0", "up")
            self.ip(end, "route", "add", "default", "via", self.router_address(address))
        self.sysctl(self.router, net__ipv4__ip_forward=1, net__ipv6__conf__all__forwarding=1,
                    net__ipv4__conf__all__rp_filter=0, net__ipv4__conf__default__rp_filter=0)
        for _, near, _ in ends:
            self.sysctl(self.router, **{f"net__ipv4__conf__{near}__rp_filter": 0})
        self.on(self.router, self.iptables, "-t", "nat", "-L", "-n")  # loads connection tracking before the first packet

    def rule(self, *words, namespace=None):
        """One iptables rule, in the router unless told otherwise."""
        self.on(namespace or self.router, self.iptables, "-w", *words)

    def dnat(self, service, port, target_port, target=None):
        target = target or self.upstream_address
        to = f"[{target}]:{target_port}" if self.version == 6 else f"{target}:{target_port}"
        self.rule("-t", "nat", "-A", "PREROUTING", "-i", "c0", "-p", "tcp", "-d", service, "--dport", port,
                  "-j", "DNAT", "--to-destination", to)

    def snat(self, address=None, ports="20000-29999"):
        """Sources become the router's upstream-side address and another port."""
        address = address or self.upstream_gateway
        to = f"[{address}]:{ports}" if self.version == 6 else f"{address}:{ports}"
        self.rule("-t", "nat", "-A", "POSTROUTING", "-p", "tcp", "-s", self.client_address,
                  "-j", "SNAT", "--to-source", to, "--random")

    def sidecar(self, namespace, user, outbound=15001, inbound=15006, own_source="127.0.0.6"):
        """Istio's redirection in a pod: what arrives, and what is sent by anyone but `user` (the proxy), goes to the proxy."""
        nat = ("-t", "nat", "-A")
        self.rule(*nat, "PREROUTING", "-p", "tcp", "-j", "REDIRECT", "--to-ports", inbound, namespace=namespace)
        for kept in (("-s", own_source, "-o", "lo"), ("-m", "owner", "--uid-owner", user), ("-d", "127.0.0.1")):
            self.rule(*nat, "OUTPUT", *kept, "-j", "RETURN", namespace=namespace)
        self.rule(*nat, "OUTPUT", "-p", "tcp", "-j", "REDIRECT", "--to-ports", outbound, namespace=namespace)

    def offload(self, on):
        """Segmentation offload of both hosts: with it captures hold segments larger than the MTU."""
        for end in (self.client, self.upstream):
            state = "on" if on else "off"
            self.on(end, "ethtool", "-K", "eth0", "tso", state, "gso", state, "tx", state, check=False)
