"""Runs one case around a real Envoy: network, programs, taps, scenario; then captures, access logs, cluster objects and truth."""
import contextlib
import json
import os
import random
import tempfile
import time
from dataclasses import dataclass, field
from typing import Callable

import access_log
import capture_file
import envoy_config
import programs
import truth
from caller import Caller, declared
from envoy_truth import document, join, pass_on
from forwarder import Forwarder
from laboratory import Shape, parse_time, start_tap
from legs import LOOPBACK, find_legs, settle
from network import Network


@dataclass
class LogShape:
    """How access.log is written. `of`: the host whose Envoy wrote it (its clock is that of the capture taken there)."""

    of: str = "gateway"
    format: str = "istio-text"
    pod: str | None = None  # wrapped as `kubectl logs --timestamps --prefix` prints the lines of this pod


@dataclass
class EnvoyCase:
    """The parameters of one incident. `clocks`: how far a capture's clock is ahead of the client's, in seconds at the first packet."""

    name: str
    story: str
    scenario: Callable
    shapes: dict = field(default_factory=dict)  # capture -> Shape; client, gateway and upstream unless told otherwise
    logs: dict = field(default_factory=lambda: {"access.log": LogShape()})
    client_address: str = "10.42.1.17"
    gateway_address: str | None = "10.42.2.40"
    upstream_address: str = "10.42.3.8"
    service: str = "10.96.14.200"
    service_port: int = 80
    port: int = 8080
    delay_ms: tuple = (0, 0)  # between the gateway (without one: the client) and the upstream
    clocks: dict = field(default_factory=lambda: dict(gateway=0.0, upstream=0.0))
    starts_at: str = "2026-09-08T14:05:00Z"
    notes: tuple = ()
    options: dict = field(default_factory=dict)

    def shape(self, capture):
        return self.shapes.get(capture) or Shape()

    def captures(self):
        return ["client", "gateway", "upstream"] if self.gateway_address else ["client", "upstream"]


class EnvoyLab:
    """What a scenario works with."""

    def __init__(self, case, network, folder):
        self.case, self.network, self.folder, self.options = case, network, folder, case.options
        self.programs, self.envoys, self.callers, self.taps, self.moments = [], {}, [], {}, {}
        self.random = random.Random(case.name)
        self.forwarder, self.cluster_objects, self.others = None, None, None
        network.dnat(case.service, case.service_port, case.port, target=case.gateway_address or case.upstream_address)
        if any(case.delay_ms):
            up, down = (d / 1000 for d in case.delay_ms)
            origin, near = (case.gateway_address, "g0") if case.gateway_address else (case.client_address, "c0")
            near = (f"iif {near} to {case.upstream_address}", "iif u0")
            self.forwarder = Forwarder(network, up, down, origin=origin, near=near)

    def run(self, program):
        self.programs.append(program)
        return program

    def node(self, script, port=None, **settings):
        return self.run(programs.node(self.network, self.network.upstream, self.folder, port or self.case.port, script, **settings))

    def gunicorn(self, *options, port=None, **more):
        return self.run(programs.gunicorn(self.network, self.network.upstream, self.folder, port or self.case.port, *options, **more))

    def nginx(self, port=None, **more):
        return self.run(programs.nginx(self.network, self.network.upstream, self.folder, port or self.case.port, **more))

    def envoy(self, host, configure):
        shape = next((log for log in self.case.logs.values() if log.of == host), LogShape())
        made = programs.Envoy(self.network, getattr(self.network, host), self.folder, host, configure, shape.format)
        self.envoys[host] = self.run(made)
        return made

    def gateway(self, routes, clusters, raw=None, **more):
        if raw:
            self.network.dnat(self.case.service, raw[0], raw[0], target=self.case.gateway_address)
        return self.envoy("gateway", lambda logs: envoy_config.gateway(self.case.port, routes, clusters, logs, raw, **more))

    def client_sidecar(self, routes, clusters):
        """A sidecar in the client's pod, which takes what its application sends to the service."""
        service = (self.case.service, self.case.service_port)
        made = self.envoy("client", lambda logs: envoy_config.client_sidecar(service, routes, clusters, logs))
        self.network.sidecar(self.network.client, programs.PROXY_USER)
        return made

    def server_sidecar(self, ports, tls, **more):
        """A sidecar in the application's pod, which takes what arrives there."""
        made = self.envoy("upstream", lambda logs: envoy_config.server_sidecar(ports, logs, tls, **more))
        self.network.sidecar(self.network.upstream, programs.PROXY_USER)
        return made

    def upstream(self, name, port=None, **more):
        """A cluster whose one endpoint is the upstream pod."""
        return envoy_config.cluster(name, [(self.case.upstream_address, port or self.case.port)], **more)

    def record(self):
        """Both taps on (three with a gateway). Programs are started before, so that the captures show only what the clients cause."""
        for side in self.case.captures():
            path = os.path.join(self.folder, f"{side}.pcap")
            self.taps[side] = start_tap(self.network, getattr(self.network, side), path, self.case.shape(side))
        time.sleep(0.1)
        self.recorded_at = time.time_ns()

    def captures(self):
        """Ends the captures and returns what they hold."""
        return {side: tap.stop() for side, tap in self.taps.items()}

    def caller(self, target=None, authority="shop.example.com", tls=None, connects=True, **more):
        target = target or (self.case.service, self.case.service_port)
        made = Caller(self.network, self.case.client_address, target, self.random.randrange(32768, 60999), authority, **more)
        self.callers.append(made)
        if connects:
            return made.connect(tls)
        with contextlib.suppress(ConnectionRefusedError):
            made.connect()
            raise RuntimeError(f"{target}: somebody listens")
        return made

    def sleep(self, seconds):
        time.sleep(seconds)

    def first_proxy(self):
        """The host of the Envoy that the callers reach first."""
        return next(host for host in ("gateway", "client", "upstream") if host in self.envoys)

    def other_upstream_ends(self, *end, **more):
        """Declares how the proxies' connections ended for which no request declares it."""
        self.others = declared(*end, **more)

    def mark(self, moment):
        """Remembers when something happened, for the cluster's objects."""
        self.moments[moment] = time.time_ns()

    def close(self):
        for tap in self.taps.values():
            tap.kill()
        for caller in self.callers:
            caller.socket.close()
        for program in self.programs:
            program.kill()
        if self.forwarder:
            self.forwarder.close()

    def owner(self, tap, address):
        """The host behind an address as a capture shows it. A service address belongs to the proxy that answers for it."""
        host = address.rsplit(":", 1)[0]
        hosts = {self.case.client_address: "client", self.case.upstream_address: "upstream", self.case.gateway_address: "gateway",
                 self.case.service: self.first_proxy()}
        return tap if host.startswith(LOOPBACK) else hosts.get(host, "elsewhere")


def perform(case, folder, leave):
    """The scenario, and what came of it: captures on one clock, and the laboratory with its callers and logs. `leave` gets
    the captures of a scenario that failed."""
    with Network(case.client_address, case.upstream_address, case.gateway_address) as network:
        lab = EnvoyLab(case, network, folder)
        try:
            try:
                case.scenario(lab)
            except RuntimeError:
                leave(lab.captures())
                raise
            time.sleep(0.3 + sum(case.delay_ms) / 1000)  # Envoy writes its log with a delay
            captures = lab.captures()
            lines = {host: envoy.lines() for host, envoy in lab.envoys.items()}
        finally:
            lab.close()
    return lab, captures, lines


def make(case, folder):
    """One sample folder. Raises when the packets or the log do not show what the scenario declared."""
    def leave(captures):
        for side, capture in captures.items():
            capture_file.write(f"{folder.rstrip('/')}.doubtful-{side}.pcap", capture)

    with tempfile.TemporaryDirectory() as temporary:
        os.chmod(temporary, 0o755)  # Envoy runs as a user of its own
        lab, captures, lines = perform(case, temporary, leave)
    legs = find_legs(captures, lab.owner)
    for n, leg in enumerate(legs, 1):
        leg.id = f"k{n:02}"
    wrong = join(lab, legs, lines)
    tables = {side: truth.flows(capture) for side, capture in captures.items()}
    wrong += [text for leg in legs for text in settle(leg, tables)]
    if wrong:
        leave(captures)
        said = "\n".join(line.text for host in lines.values() for line in host)
        raise RuntimeError(f"{case.name}: " + "; ".join(wrong) + "\n" + said)
    pass_on(lines)
    rebase = parse_time(case.starts_at) - captures["client"].records[0].time

    def clock(host):
        ahead = round(case.clocks.get(host, 0.0) * 10**9) + rebase
        return lambda moment: moment + ahead

    for side, capture in captures.items():
        for record in capture.records:
            record.time = clock(side)(record.time)
    write(case, folder, lab, captures, lines, clock)
    tables = {side: truth.flows(capture) for side, capture in captures.items()}
    truth.save(folder, document(case, lab, captures, legs, lines, tables))


def write(case, folder, lab, captures, lines, clock):
    """All files but truth.json. `clock(host)` leads from the laboratory's time to the clock of that host."""
    os.makedirs(folder, exist_ok=True)
    for side, capture in captures.items():
        shape = case.shape(side)
        capture_file.write(os.path.join(folder, shape.name(side)), capture, shape.format, shape.snap,
                           "eth0" if shape.link == "eth0" else "any", shape.filter)
    for name, log in case.logs.items():
        texts = [access_log.kubectl(line, clock(log.of), log.pod, "istio-proxy") if log.pod else access_log.shifted(line, clock(log.of))
                 for line in lines[log.of]]
        with open(os.path.join(folder, name), "w") as out:
            out.writelines(text + "\n" for text in texts)
    if lab.cluster_objects:
        with open(os.path.join(folder, "kubernetes.json"), "w") as out:
            json.dump(lab.cluster_objects(clock), out, indent=4)  # as kubectl does
            out.write("\n")
