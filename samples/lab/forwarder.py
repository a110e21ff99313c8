"""A router in user space: every packet between the two sides passes a TUN device and Python."""
import fcntl
import heapq
import os
import select
import struct
import threading
import time

from network import inside, run
from segment import read_ip

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 1, 0x1000


class Forwarder:
    """Delays each direction; `inspect(segment, packet, upward)` may return 'drop' or a list of (delay in seconds, packet).

    An upward packet has been translated already (its destination is the pod), a downward one as well (its source is
    the service): what is forged here must be in the terms of the end that receives it. Downward is towards `origin`,
    the client unless told otherwise; `near` says which packets make the detour, in the words of `ip rule`.
    """

    def __init__(self, network, delay_up=0.0, delay_down=0.0, inspect=None, origin=None, near=("iif c0", "iif u0")):
        self.delay = {True: delay_up, False: delay_down}
        self.inspect = inspect
        self.due, self.order = [], 0
        self.stopping = False
        self.network = network
        self.origin = origin or network.client_address
        with inside(network.router):
            self.tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            fcntl.ioctl(self.tun, TUNSETIFF, struct.pack("16sH", b"mid0", IFF_TUN | IFF_NO_PI))
        family = f"-{network.version}"
        run("ip", "-n", network.router, "link", "set", "mid0", "up")
        run("ip", family, "-n", network.router, "route", "add", "default", "dev", "mid0", "table", "100")
        for packets in near:
            run("ip", family, "-n", network.router, "rule", "add", *packets.split(), "lookup", "100")
        # accept_local: translated sources are addresses of the router itself.
        network.sysctl(network.router, net__ipv4__conf__mid0__rp_filter=0, net__ipv4__conf__mid0__accept_local=1)
        # Translated once on the way in: what comes back from user space must not be tracked again.
        network.rule("-t", "raw", "-A", "PREROUTING", "-i", "mid0", "-j", "NOTRACK")
        self.thread = threading.Thread(target=self.loop, daemon=True)
        self.thread.start()

    def put(self, delay, packet):
        self.order += 1
        heapq.heappush(self.due, (time.monotonic() + delay, self.order, packet))

    def loop(self):
        while not self.stopping:
            now = time.monotonic()
            while self.due and self.due[0][0] <= now:
                try:
                    os.write(self.tun, heapq.heappop(self.due)[2])
                except OSError:
                    pass  # no route to that side any more
            wait = min(0.05, max(0.0, self.due[0][0] - now)) if self.due else 0.05
            if not select.select([self.tun], [], [], wait)[0]:
                continue
            try:
                packet = os.read(self.tun, 65600)
            except OSError:
                continue
            self.forward(packet)

    def forward(self, packet):
        segment = read_ip(packet)
        upward = segment is None or segment.destination != self.origin
        if segment is None and packet[0] >> 4 == 4:
            upward = packet[16:20] != bytes(map(int, self.origin.split(".")))
        answer = self.inspect(segment, packet, upward) if self.inspect and segment else None
        if answer == "drop":
            return
        if isinstance(answer, list):
            for delay, extra in answer:
                self.put(delay, extra)
            return
        self.put(self.delay[upward], packet)

    def close(self):
        self.stopping = True
        self.thread.join()
        os.close(self.tun)
