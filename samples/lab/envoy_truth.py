"""truth.json of a case with proxies: requests joined with the connections that carried them, and what the files show."""
import truth
from access_log import CLOSE_WORDS

SLACK = 3_000_000  # nanoseconds around a request: Envoy rounds its duration to milliseconds


def join(lab, legs, lines):
    """Fills proxied_to, proxied_from and declared ends, and for each log line `downstream`, `upstream` and `attempts`.
    Returns what does not fit."""
    for host, entries in lines.items():
        opened = openers(legs, host, entries)
        for line in entries:
            line.downstream = downstream_of(legs, host, line)
            line.attempts = attempts_of(legs, host, line, opened)
            line.upstream = named_upstream(line, host)
        for line in entries:
            for leg in line.attempts:
                link(line.downstream, leg)
    found = [text for caller in lab.callers for text in declare(caller, legs, lab, lines)]
    if lab.others:
        for leg in legs:
            if leg.ended is None and any(leg.is_opened_by_proxy(host) for host in lines):
                leg.ended, leg.role = dict(lab.others), lab.others["role"]
    return found


def link(near, far):
    if near is None or far is None:
        return
    if far not in near.proxied_to:
        near.proxied_to.append(far)
    if near not in far.proxied_from:
        far.proxied_from.append(near)


def downstream_of(legs, host, line):
    """The connection on which the request came: Envoy says its client's address; of several uses the latest begun before."""
    fitting = [leg for leg in legs if leg.hosts["upstream"] == host and line.said["downstream_remote"] in shown_at(leg, host)]
    begun = [leg for leg in fitting if leg.first_seen <= line.start + SLACK]
    return begun[-1] if begun else None


def shown_at(leg, tap):
    """What its client is called in a capture, the redirected connection included."""
    return {view["client"] for view in (leg.views.get(tap), leg.also.get(tap)) if view}


def attempts_of(legs, host, line, opened):
    """The proxy's own connections for one request, in order of time: those that carry its id, the one whose address Envoy
    names, and those that were opened for it and never carried a request."""
    def belongs(leg):
        carried = line.said["id"] and line.said["id"] in leg.requests
        named = line.said["upstream_local"] and leg.address(host, "client") == line.said["upstream_local"]
        return carried or named and leg.first_seen <= line.end + SLACK or not leg.requests and opened.get(leg.id) is line
    return [leg for leg in legs if leg.is_opened_by_proxy(host) and belongs(leg)]


def openers(legs, host, entries):
    """Leg id -> the line of the request during which the proxy opened it; the latest begun, where several fit."""
    found = {}
    for leg in legs:
        fitting = [line for line in entries if line.start <= leg.first_seen <= line.end + SLACK]
        if fitting:
            found[leg.id] = max(fitting, key=lambda line: line.start)
    return found


def named_upstream(line, host):
    local = line.said["upstream_local"]
    named = [leg for leg in line.attempts if local and leg.address(host, "client") == local]
    return (named or line.attempts or [None])[-1]


def declare(caller, legs, lab, lines):
    """Hands the ends that the scenario declared to the connections; a request is known by its order on its connection."""
    found = []

    def give(leg, end):
        if leg.ended:
            found.append(f"{leg.id}: two ends, {leg.ended} and {end}")
        leg.ended, leg.role = dict(end), end["role"]

    if caller.end:
        own = [leg for leg in legs if leg.address("client", "client") == caller.client_end]
        give(own[-1], caller.end)
    logged = [line for line in lines.get(lab.first_proxy(), []) if line.said["downstream_remote"] == caller.client_end]
    for n, exchange in enumerate(caller.exchanges):
        line = logged[n] if n < len(logged) else None
        inner = [other for other in lines.get("upstream", []) if line and other is not line and other.said["id"] == line.said["id"]]
        for which, ends in ((line, exchange.ends), (inner[-1] if inner else None, exchange.inner_ends)):
            for attempt, end in ends.items():
                attempts = which.attempts if which else []
                if len(attempts) > attempt >= -len(attempts):
                    give(attempts[attempt], end)
                else:
                    found.append(f"{exchange.path}: {len(attempts)} connections for it")
    return found


def pass_on(lines):
    """A client's connection whose request failed because the proxy's own connection was reset: the proxy answered 5xx and kept it."""
    for line in (line for entries in lines.values() for line in entries):
        near, far = line.downstream, line.upstream
        failed = int(line.said["code"] or 0) >= 500 and near and far and far.ended["first_rst_end"] == "upstream"
        if failed and near.role == "background":
            near.role = "incident"
            near.ended.update(cause="proxy-upstream-reset", notes=f"the proxy answered {line.said['code']} {line.said['flags']} and kept the connection")


def sits_at(leg, end, envoys):
    """What program is at that end."""
    if leg.hosts[end] not in envoys:
        return "application"
    if leg.hosts["client"] != leg.hosts["upstream"]:
        return "envoy"
    # Within a pod: the sidecar on its way to the application, or the application on its way to the sidecar.
    return "envoy" if leg.is_opened_by_proxy(leg.hosts[end]) == (end == "client") else "application"


def row(case, leg, tables, envoys):
    """One entry of `connections`."""
    taps = case.captures()
    out = dict(id=leg.id, role=leg.role, **{f"{tap}_view": leg.views.get(tap) for tap in taps})
    seen, times = {}, {}
    for tap in taps:
        seen[tap], times[tap] = truth.observe(tables[tap], leg.views.get(tap), leg.also.get(tap))
        out[f"end_{tap}_view"] = seen[tap]["end"]
        if tap in leg.also:
            out[f"{tap}_view_also"] = leg.also[tap]
    ended = leg.ended
    out["class"] = ended["class"]
    for key in ("first_rst", "first_close"):
        end = ended[f"{key}_end"]
        # A gateway that passes requests on stands between; a sidecar belongs to the pod whose address it uses.
        is_between = end != "none" and leg.hosts[end] == "gateway" and bool(leg.proxied_to or leg.proxied_from)
        out[f"{key}_by"], out[f"{key}_end"] = "middlebox" if is_between else end, end
    out["hosts"] = leg.hosts
    out["programs"] = {end: sits_at(leg, end, envoys) for end in leg.hosts}
    out["rst_seen"] = {tap: times[tap] is not None for tap in taps}
    out["cause"], out["notes"] = ended["cause"], ended.get("notes", "")
    for key in ("blame", "causes_also_right", "from_unshifted_packets"):
        if key in ended:
            out[key] = ended[key]
    if leg.proxied_to:
        out["proxied_to"] = [other.id for other in leg.proxied_to]
    if leg.proxied_from:
        out["proxied_from"] = [other.id for other in leg.proxied_from]
    seconds = {f"first_rst_time_{tap}": t and round(t / 10**9, 7) for tap, t in times.items()}
    out["observed"] = dict(seen, **seconds)
    return out


def log_row(name, number, line):
    said = line.said
    out = dict(log=name, line=number, flags=said["flags"], response_code=int(said["code"] or 0), details=said["details"],
               downstream=line.downstream and line.downstream.id, upstream=line.upstream and line.upstream.id,
               attempts=[leg.id for leg in line.attempts])
    beside = {key: said[key] for key in CLOSE_WORDS if said[key] not in (None, "-", "Normal")}
    return dict(out, envoy_says_also=beside) if beside else out


def document(case, lab, captures, legs, lines, tables):
    rows = [row(case, leg, tables, lab.envoys) for leg in legs]
    described = {tap: dict(truth.describe(captures[tap], case.shape(tap), tap), clock_offset_s=case.clocks.get(tap, 0.0))
                 for tap in case.captures()}
    logs = {name: dict(written_by=log.of, format=log.format, wrapper="kubectl" if log.pod else None, envoy=lab.envoys[log.of].version)
            for name, log in case.logs.items()}
    nat = "proxy" if case.gateway_address else "none" if "client" in lab.envoys else "dnat"
    return dict(
        scenario=case.name, title=case.story, captures=described, logs=logs,
        clock_offset_s=case.clocks.get("upstream", 0.0), clock_drift_ppm=0, path=truth.path(case.delay_ms, nat),
        incident_summary=truth.summary(rows), notes=list(case.notes), connections=rows,
        access_log=[log_row(name, n, line) for name, log in case.logs.items() for n, line in enumerate(lines[log.of], 1)])
