"""One TCP segment: read from a captured frame or a bare IP packet, or forged."""
import ipaddress
import struct

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16

EN10MB, RAW, LINUX_SLL, LINUX_SLL2 = 1, 101, 113, 276
VXLAN_PORT = 4789


class Segment:
    """Fields of one TCP segment; `start` is the offset of the IP header in the bytes it was read from."""

    __slots__ = ("version", "source", "destination", "source_port", "destination_port", "sequence",
                 "acknowledgment", "flags", "window", "length", "start", "transport", "payload_start", "ttl", "ip_id")

    def has(self, flag):
        return bool(self.flags & flag)

    def sender(self):
        return endpoint(self.source, self.source_port)

    def receiver(self):
        return endpoint(self.destination, self.destination_port)


def endpoint(address, port):
    """`address:port` as truth.json writes it (IPv6 in brackets)."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def read_ip(data, start=0):
    """The TCP segment whose IP header is at `start`, or None."""
    if len(data) < start + 20:
        return None
    s = Segment()
    s.version, s.start = data[start] >> 4, start
    if s.version == 4:
        header = (data[start] & 15) * 4
        total, s.ip_id = struct.unpack_from(">HH", data, start + 2)
        fragment = struct.unpack_from(">H", data, start + 6)[0] & 0x1FFF
        if data[start + 9] != 6 or fragment:
            return None
        s.ttl = data[start + 8]
        s.source = str(ipaddress.IPv4Address(data[start + 12:start + 16]))
        s.destination = str(ipaddress.IPv4Address(data[start + 16:start + 20]))
        if total == 0:  # larger than 64 KiB before segmentation
            total = len(data) - start
    elif s.version == 6:
        header, s.ip_id = 40, 0
        if len(data) < start + 40 or data[start + 6] != 6:
            return None
        total = 40 + struct.unpack_from(">H", data, start + 4)[0]
        s.ttl = data[start + 7]
        s.source = str(ipaddress.IPv6Address(data[start + 8:start + 24]))
        s.destination = str(ipaddress.IPv6Address(data[start + 24:start + 40]))
    else:
        return None
    s.transport = t = start + header
    if len(data) < t + 16:
        return None
    s.source_port, s.destination_port, s.sequence, s.acknowledgment = struct.unpack_from(">HHII", data, t)
    s.flags, s.window = data[t + 13], struct.unpack_from(">H", data, t + 14)[0]
    s.payload_start = t + (data[t + 12] >> 4) * 4
    s.length = start + total - s.payload_start
    return s


def ip_start(frame, link_type):
    """Offset of the innermost IP header of a captured frame (through VLAN tags and VXLAN), or None."""
    if link_type == RAW:
        return 0
    if link_type == LINUX_SLL:
        at, protocol = 16, struct.unpack_from(">H", frame, 14)[0]
    elif link_type == LINUX_SLL2:
        at, protocol = 20, struct.unpack_from(">H", frame, 0)[0]
    else:
        at, protocol = 14, struct.unpack_from(">H", frame, 12)[0]
    while protocol in (0x8100, 0x88A8):
        protocol = struct.unpack_from(">H", frame, at + 2)[0]
        at += 4
    if protocol == 0x86DD:
        return at
    if protocol != 0x0800:
        return None
    udp = at + (frame[at] & 15) * 4
    if frame[at + 9] == 17 and len(frame) >= udp + 16 + 14:
        if struct.unpack_from(">H", frame, udp + 2)[0] == VXLAN_PORT:
            inner = ip_start(frame[udp + 16:], EN10MB)
            return None if inner is None else udp + 16 + inner
    return at


def read_frame(frame, link_type):
    """The TCP segment in a captured frame, or None."""
    try:
        at = ip_start(frame, link_type)
    except (struct.error, IndexError):
        return None
    return None if at is None else read_ip(frame, at)


def checksum(data):
    if len(data) & 1:
        data += b"\0"
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def forge(source, source_port, destination, destination_port, sequence, acknowledgment=0, flags=RST,
          window=0, ttl=64, ip_id=0, payload=b""):
    """A bare IP packet with one TCP segment, checksums filled."""
    tcp = struct.pack(">HHIIBBHHH", source_port, destination_port, sequence & 0xFFFFFFFF,
                      acknowledgment & 0xFFFFFFFF, 0x50, flags, window, 0, 0) + payload
    a, b = ipaddress.ip_address(source), ipaddress.ip_address(destination)
    if a.version == 4:
        pseudo = a.packed + b.packed + struct.pack(">BBH", 0, 6, len(tcp))
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), ip_id, 0x4000, ttl, 6, 0) + a.packed + b.packed
        ip = ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:]
    else:
        pseudo = a.packed + b.packed + struct.pack(">II", len(tcp), 6)
        ip = struct.pack(">IHBB", 0x60000000, len(tcp), 6, ttl) + a.packed + b.packed
    return ip + tcp[:16] + struct.pack(">H", checksum(pseudo + tcp)) + tcp[18:]
