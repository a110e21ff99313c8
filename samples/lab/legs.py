"""TCP connections around a proxy ("legs"), found in the captures; which requests they carried; how they ended."""
import re

import truth
from envoy_config import SOURCE_TO_APPLICATION
from segment import ACK, FIN, RST, SYN, read_frame

REQUEST_ID = re.compile(rb"x-request-id: ([0-9a-f-]{36})", re.IGNORECASE)
LOOPBACK = "127."


class Leg:
    """One TCP connection, known by the initial sequence number of its client in whatever capture shows it."""

    def __init__(self, isn):
        self.isn = isn
        self.views, self.also = {}, {}  # by tap
        self.first_seen, self.requests = None, set()
        self.hosts = {}  # "client", "upstream" -> host at that end
        self.ended, self.role = None, "background"
        self.proxied_to, self.proxied_from = [], []
        self.id = None

    def tap(self, end):
        """The capture taken in the host of that end; the other one where none was (or could be) taken there."""
        host = self.hosts[end]
        return host if host in self.views else next(iter(self.views))

    def address(self, tap, end):
        view = self.views.get(tap)
        return view and view["client" if end == "client" else "server"]

    def is_opened_by_proxy(self, host):
        """Whether its client is the proxy of that host: what leaves it, and the sidecar's way to its application."""
        leaves = self.hosts["client"] != self.hosts["upstream"]
        return self.hosts["client"] == host and (leaves or self.address(host, "client").startswith(SOURCE_TO_APPLICATION))

    def rows(self, tables, tap):
        return truth.rows_of(tables[tap], self.views.get(tap), self.also.get(tap))


def find_legs(captures, owner):
    """All connections whose SYN is in a capture, in order of their first packet. `owner(tap, address)` names the host of an end."""
    legs, uses = {}, {}
    for tap, capture in captures.items():
        current = {}
        for record in capture.records:
            s = read_frame(record.data, capture.link_type)
            if s is None:
                continue
            pair = (s.sender(), s.receiver())
            if s.has(SYN) and not s.has(ACK):
                leg = legs.setdefault(s.sequence, Leg(s.sequence))
                if tap not in leg.views:
                    uses[tap, pair] = uses.get((tap, pair), 0) + 1
                    leg.views[tap] = dict(client=pair[0], server=pair[1], occurrence=uses[tap, pair])
                    current[pair] = leg
                leg.first_seen = min(leg.first_seen or record.time, record.time)
            elif s.has(SYN):
                answer_from_elsewhere(legs.get((s.acknowledgment - 1) & 0xFFFFFFFF), tap, pair)
            elif s.length and pair in current:
                current[pair].requests.update(x.decode() for x in REQUEST_ID.findall(record.data[s.payload_start:]))
    for leg in legs.values():
        for tap, view in leg.views.items():
            for end in ("client", "upstream"):
                leg.hosts.setdefault(end, owner(tap, view["client" if end == "client" else "server"]))
    return sorted(legs.values(), key=lambda leg: leg.first_seen)


def answer_from_elsewhere(leg, tap, pair):
    """REDIRECT in the client's own host: its segments show the redirected address, the answers the one it had called."""
    view = leg and leg.views.get(tap)
    if not view or pair == (view["server"], view["client"]) or tap in leg.also:
        return
    leg.also[tap] = dict(client=view["client"], server=pair[0])


def derive(leg, tables):
    """First RST, first close and class as the packets say on one clock, each judged at the tap of its sender."""
    events = []
    for end in ("client", "upstream"):
        for record, s, from_client in leg.rows(tables, leg.tap(end)):
            if from_client == (end == "client") and s.flags & (FIN | RST):
                events.append((record.time, end, s.has(RST)))
    events.sort()
    resets = [end for _, end, reset in events if reset]
    return dict(first_close_end=events[0][1] if events else "none", first_rst_end=resets[0] if resets else "none",
                **{"class": "open" if not events else "rst" if events[0][2] else "fin"})


def settle(leg, tables):
    """Fills what was left to the packets; returns where they contradict what the scenario declared."""
    derived = derive(leg, tables)
    if leg.ended is None:
        leg.ended = dict(derived, cause="healthy")
        if derived["first_rst_end"] != "none":
            return [f"{name(leg)}: a RST that nobody declared"]
    left = [key for key in derived if leg.ended[key] is None]
    for key in left:
        leg.ended[key] = derived[key]
    if left:
        leg.ended["from_unshifted_packets"] = left
    wrong = [key for key in ("first_rst_end", "first_close_end") if derived[key] != leg.ended[key]]
    found = [f"{name(leg)} ({leg.ended['cause']}): {key} is {derived[key]} in the packets, not {leg.ended[key]}" for key in wrong]
    completed = truth.observe(tables[leg.tap("client")], leg.views[leg.tap("client")], leg.also.get(leg.tap("client")))[0]["end"]
    if leg.ended["class"] in ("rst", "fin", "open") and derived["class"] != leg.ended["class"]:
        found.append(f"{name(leg)} ({leg.ended['cause']}): the packets end it by {derived['class']}, not {leg.ended['class']}")
    if (leg.ended["class"] == "handshake-incomplete") != (completed == "handshake-incomplete"):
        found.append(f"{name(leg)} ({leg.ended['cause']}): its handshake is {completed}, its class {leg.ended['class']}")
    return found


def name(leg):
    view = next(iter(leg.views.values()))
    return f"{view['client']} > {view['server']}"
