"""truth.json: what the scenario did, and beside it what each written file shows of it."""
import json
import os

from capture_file import LINK_NAMES
from segment import ACK, FIN, RST, SYN, read_frame


def flows(capture):
    """(client, server) endpoints in either direction -> segments with their times, in file order."""
    found = {}
    for record in capture.records:
        s = read_frame(record.data, capture.link_type)
        if s:
            found.setdefault((s.sender(), s.receiver()), []).append((record, s, True))
            found.setdefault((s.receiver(), s.sender()), []).append((record, s, False))
    return found


def use(segments, occurrence):
    """The n-th use of an address pair: a client SYN with another sequence number, or after other segments, starts a new one."""
    current, isn, kept = 1, None, []
    for n, row in enumerate(segments):
        s = row[1]
        if row[2] and s.has(SYN) and not s.has(ACK):
            if s.sequence != isn and n:
                current += 1
            isn = s.sequence
        if current == occurrence:
            kept.append(row)
    return kept


def rows_of(table, view, also=None):
    """The segments of one connection in one file; `also` is a second address pair that some of them have."""
    rows = use(table.get((view["client"], view["server"]), []), view["occurrence"]) if view else []
    if also and rows:
        rows = sorted(rows + table.get((also["client"], also["server"]), []), key=lambda row: row[0].time)
    return rows


def observe(table, view, also=None):
    """Counts for one connection in one file, and its end as that file alone shows it."""
    rows = rows_of(table, view, also)
    counts = dict(packets=len(rows), syn_client=0, synack_server=0, fin_client=0, fin_server=0, rst_client=0, rst_server=0)
    first_close, first_reset, fin_before_reset, acknowledged = None, None, False, False
    for record, s, from_client in rows:
        side = "client" if from_client else "server"
        if s.has(SYN):
            counts["syn_client"] += from_client and not s.has(ACK)
            counts["synack_server"] += not from_client and s.has(ACK)
        elif s.has(RST):
            counts[f"rst_{side}"] += 1
            first_reset = first_reset or record.time
            first_close = first_close or f"{side}-rst"
        else:
            acknowledged = acknowledged or from_client
        if s.has(FIN):
            counts[f"fin_{side}"] += 1
            fin_before_reset = fin_before_reset or first_reset is None
            first_close = first_close or f"{side}-fin"
    started = counts["syn_client"] and not acknowledged
    end = "absent" if not rows else "handshake-incomplete" if started else first_close.split("-")[1] if first_close else "open"
    reset = counts["rst_client"] + counts["rst_server"] > 0
    counts.update(end=end, first_close_segment=first_close, rst_after_fin=reset and fin_before_reset)
    return counts, first_reset


def row(connection, number, tables):
    """One entry of `connections`."""
    views = {side: connection.view(side) for side in ("client", "upstream")}
    out = dict(id=f"k{number:02}", role=connection.role, client_view=views["client"], upstream_view=views["upstream"])
    seen, times = {}, {}
    for side in views:
        also = connection.also if side == "client" else None
        seen[side], times[side] = observe(tables[side], views[side], also)
        if not seen[side]["packets"]:
            out[f"{side}_view"] = None
        if connection.ended.get("rst_effective") is False and seen[side]["end"] == "rst" and seen[side]["rst_after_fin"] is False:
            seen[side]["end"] = "fin" if seen[side]["fin_client"] + seen[side]["fin_server"] else "open"
    out["class"] = connection.ended["class"]
    out["end_client_view"], out["end_upstream_view"] = seen["client"]["end"], seen["upstream"]["end"]
    out["first_rst_by"], out["first_close_by"] = connection.ended["first_rst_by"], connection.ended["first_close_by"]
    out["rst_seen"] = {side: times[side] is not None for side in times}
    out["cause"], out["notes"] = connection.ended["cause"], connection.ended.get("notes", "")
    for key in ("blame", "gap_ms", "rst_effective", "from_unshifted_packets"):
        if key in connection.ended:
            out[key] = connection.ended[key]
    order = None
    if None not in times.values():
        order = "client-capture-first" if times["client"] < times["upstream"] else "upstream-capture-first"
    seconds = {side: t and round(t / 10**9, 7) for side, t in times.items()}
    out["observed"] = dict(seen, first_rst_time_client=seconds["client"], first_rst_time_upstream=seconds["upstream"],
                           timestamp_only_order=order)
    if connection.also:
        out["client_view_also"] = connection.also
    return out


def derive(connection, tables):
    """First RST, first close and class as the packets say on one clock, each judged at the tap of its sender."""
    events = []  # (time, side, is a reset)
    for side in ("client", "upstream"):
        view = connection.view(side)
        if view is None:
            continue
        rows = rows_of(tables[side], view, connection.also if side == "client" else None)
        for record, s, from_client in rows:
            if from_client == (side == "client") and s.flags & (FIN | RST):
                events.append((record.time, side, s.has(RST)))
    events.sort()
    resets = [side for _, side, reset in events if reset]
    return dict(first_close_by=events[0][1] if events else "none", first_rst_by=resets[0] if resets else "none",
                **{"class": "open" if not events else "rst" if events[0][2] else "fin"})


def settle(connection, tables):
    """Fills what the scenario left to a kernel or a program to decide (None); returns where the packets contradict it."""
    ended, derived = connection.ended, derive(connection, tables)
    for key, value in ended.items():
        if value is None:
            ended[key] = derived[key]
    if ended["first_rst_by"] == "middlebox":
        return []
    return [f"{connection.client_end} ({ended['cause']}): {key} is {derived[key]} in the packets, not {ended[key]}"
            for key in ("first_rst_by", "first_close_by") if derived[key] != ended[key]]


def doubts(entry):
    """Where the packets, before any loss was applied, do not tell the story that the scenario declared."""
    name, end, by = f"{entry['id']} ({entry['cause']})", entry["class"], entry["first_rst_by"]
    near = {"client": entry["observed"]["client"], "upstream": entry["observed"]["upstream"]}
    sent = {"client": near["client"]["rst_client"], "upstream": near["upstream"]["rst_server"]}
    resets = [near[side][f"rst_{end_}"] for side in near for end_ in ("client", "server")]
    found = []
    if by in sent and not sent[by]:
        found.append("its first RST is not in the capture of its sender")
    if by == "none" and any(resets):
        found.append("a RST that nobody declared")
    if by == "middlebox" and not (near["client"]["rst_server"] > sent["upstream"] or near["upstream"]["rst_client"] > sent["client"]):
        found.append("no RST arrives that was not sent")
    if end == "fin" and not any(near[side][f"fin_{e}"] for side in near for e in ("client", "server")):
        found.append("no FIN")
    if end == "open" and any(near[side]["end"] not in ("open", "absent") for side in near):
        found.append("not open")
    if end == "handshake-incomplete" and near["client"]["end"] != end:
        found.append("the handshake completed")
    if end == "rst" and by in near and near[by]["end"] != "rst":
        found.append("did not end with RST")
    return [f"{name}: {text}" for text in found]


def summary(rows):
    """Number of incident connections for each class, first RST emitter and cause."""
    groups = {}
    for r in rows:
        if r["role"] == "incident":
            key = (r["class"], r["first_rst_by"], r["cause"])
            groups[key] = groups.get(key, 0) + 1
    return [dict(connections=n, **{"class": k[0]}, first_rst_by=k[1], cause=k[2]) for k, n in sorted(groups.items())]


def describe(capture, shape, side):
    """One entry of `captures`."""
    return dict(
        file=shape.name(side), interface="any" if shape.link != "eth0" else "eth0",
        linktype=LINK_NAMES[capture.link_type], snaplen=shape.snap,
        format="pcapng" if shape.format.startswith("pcapng") else "pcap",
        timestamp_precision="nanosecond" if shape.format in ("pcapng", "pcap-nanosecond") else "microsecond",
        tcp_packets=sum(read_frame(r.data, capture.link_type) is not None for r in capture.records))


def path(delay_ms, nat):
    up, down = delay_ms
    return dict(one_way_delay_ms=dict(client_to_upstream=up, upstream_to_client=down) if up or down else None, nat=nat)


def document(case, captures, files, connections, tables):
    rows = [row(c, n, tables) for n, c in enumerate(connections, 1)]
    return dict(
        scenario=case.name, title=case.story, captures={side: describe(captures[side], shape, side) for side, shape in files.items()},
        clock_offset_s=case.clock_offset, clock_drift_ppm=case.clock_drift, path=path(case.delay_ms, case.nat),
        incident_summary=summary(rows), notes=list(case.notes), connections=rows)


def save(folder, truth):
    with open(os.path.join(folder, "truth.json"), "w") as out:
        json.dump(truth, out, indent=1)
        out.write("\n")
