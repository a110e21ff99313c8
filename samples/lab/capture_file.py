"""Capture files: read what tcpdump wrote; write it again on another clock and in another format."""
import gzip
import struct
from dataclasses import dataclass, field

LINK_NAMES = {1: "EN10MB", 101: "RAW", 113: "LINUX_SLL", 276: "LINUX_SLL2"}


@dataclass
class Record:
    """One captured packet: nanoseconds since the epoch, captured bytes, length on the wire."""

    time: int
    data: bytes
    length: int


@dataclass
class CaptureFile:
    link_type: int
    records: list = field(default_factory=list)
    dropped: int | None = 0  # what the drop counter of a pcapng says; None: it has none


def read(path):
    """A classic pcap of either byte order and either precision; gzip is undone."""
    raw = open(path, "rb").read()
    if raw[:2] == b"\x1f\x8b":
        raw = gzip.decompress(raw)
    for order in "<>":
        magic = struct.unpack_from(order + "I", raw)[0]
        if magic in (0xA1B2C3D4, 0xA1B23C4D):
            break
    else:
        return read_pcapng(raw)
    unit = 1000 if magic == 0xA1B2C3D4 else 1
    capture, at = CaptureFile(struct.unpack_from(order + "I", raw, 20)[0] & 0xFFFF), 24
    while at + 16 <= len(raw):
        seconds, fraction, kept, length = struct.unpack_from(order + "IIII", raw, at)
        capture.records.append(Record(seconds * 10**9 + fraction * unit, raw[at + 16:at + 16 + kept], length))
        at += 16 + kept
    return capture


def read_pcapng(raw):
    """A pcapng of one interface, as `write` makes it: enhanced packet blocks, power-of-ten resolution."""
    order = "<" if raw[8:12] == b"\x4d\x3c\x2b\x1a" else ">"
    capture, at, unit = None, 0, 1000
    while at + 12 <= len(raw):
        kind, size = struct.unpack_from(order + "II", raw, at)
        if kind == 1 and capture is None:
            capture, option = CaptureFile(struct.unpack_from(order + "H", raw, at + 8)[0]), at + 16
            while option + 4 <= at + size - 4:
                code, length = struct.unpack_from(order + "HH", raw, option)
                if code == 0:
                    break
                if code == 9:
                    unit = 10 ** (9 - raw[option + 4])
                option += 4 + (length + 3) // 4 * 4
        elif kind == 6:
            _, high, low, kept, length = struct.unpack_from(order + "IIIII", raw, at + 8)
            capture.records.append(Record((high << 32 | low) * unit, raw[at + 28:at + 28 + kept], length))
        at += size
    return capture


def write(path, capture, format="pcap", snap_length=262144, interface="eth0", capture_filter=None):
    """Formats: pcap (µs), pcap-nanosecond, pcapng (ns), pcapng-microsecond; a path ending in .gz is compressed."""
    records = [Record(r.time, r.data[:snap_length], r.length) for r in capture.records]
    make = pcapng if format.startswith("pcapng") else pcap
    raw = make(capture, records, format, snap_length, interface, capture_filter)
    if path.endswith(".gz"):
        raw = gzip.compress(raw, 9, mtime=0)
    with open(path, "wb") as out:
        out.write(raw)


def pcap(capture, records, format, snap_length, interface, capture_filter):
    nano = format == "pcap-nanosecond"
    magic, unit = (0xA1B23C4D, 1) if nano else (0xA1B2C3D4, 1000)
    parts = [struct.pack("<IHHiIII", magic, 2, 4, 0, 0, snap_length, capture.link_type)]
    for r in records:
        parts.append(struct.pack("<IIII", r.time // 10**9, r.time % 10**9 // unit, len(r.data), r.length) + r.data)
    return b"".join(parts)


def pcapng(capture, records, format, snap_length, interface, capture_filter):
    nano = format == "pcapng"
    unit = 1 if nano else 1000
    options = option(2, interface.encode()) + option(9, bytes([9 if nano else 6]))
    if capture_filter:
        options += option(11, b"\0" + capture_filter.encode())
    parts = [
        block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + option(3, b"Linux 6.18") + option(0, b"")),
        block(1, struct.pack("<HHI", capture.link_type, 0, snap_length) + options + option(0, b"")),
    ]
    for r in records:
        stamp = r.time // unit
        head = struct.pack("<IIIII", 0, stamp >> 32, stamp & 0xFFFFFFFF, len(r.data), r.length)
        parts.append(block(6, head + padded(r.data)))
    if records and capture.dropped is not None:
        stamp = records[-1].time // unit
        counters = option(4, struct.pack("<Q", len(records) + capture.dropped)) + option(5, struct.pack("<Q", capture.dropped))
        parts.append(block(5, struct.pack("<III", 0, stamp >> 32, stamp & 0xFFFFFFFF) + counters + option(0, b"")))
    return b"".join(parts)


def padded(data):
    return data + b"\0" * (-len(data) % 4)


def option(code, value):
    return struct.pack("<HH", code, len(value)) + padded(value)


def block(kind, body):
    size = len(body) + 12
    return struct.pack("<II", kind, size) + body + struct.pack("<I", size)


def shift(records, origin, offset_seconds, drift_ppm, rebase=0):
    """Records on a clock that is ahead by the offset at `origin` and gains `drift_ppm` microseconds a second."""
    for r in records:
        elapsed = r.time - origin
        r.time += round(offset_seconds * 10**9) + round(elapsed * drift_ppm / 10**6) + rebase
