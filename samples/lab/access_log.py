"""Envoy's access log: its formats, and its lines moved to the clock of the capture that is taken beside Envoy."""
import json
import time

# Both loggers of one request write this: it joins their lines, and the shipped line gets Envoy's own format instead.
EXACT_TIME = "%START_TIME(%s.%9f)%"

ISTIO_TEXT = ('[{time}] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% '
              '%RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% "%UPSTREAM_TRANSPORT_FAILURE_REASON%" %BYTES_RECEIVED% '
              '%BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" '
              '"%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%" %UPSTREAM_CLUSTER_RAW% %UPSTREAM_LOCAL_ADDRESS% '
              '%DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% %REQUESTED_SERVER_NAME% %ROUTE_NAME%\n')
ENVOY_TEXT = ('[{time}] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% '
              '%BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" '
              '"%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%"\n')
ISTIO_JSON = {
    "start_time": "{time}", "route_name": "%ROUTE_NAME%", "method": "%REQ(:METHOD)%",
    "path": "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%", "protocol": "%PROTOCOL%", "response_code": "%RESPONSE_CODE%",
    "response_flags": "%RESPONSE_FLAGS%", "response_code_details": "%RESPONSE_CODE_DETAILS%",
    "connection_termination_details": "%CONNECTION_TERMINATION_DETAILS%", "bytes_received": "%BYTES_RECEIVED%",
    "bytes_sent": "%BYTES_SENT%", "duration": "%DURATION%", "upstream_service_time": "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%",
    "x_forwarded_for": "%REQ(X-FORWARDED-FOR)%", "user_agent": "%REQ(USER-AGENT)%", "request_id": "%REQ(X-REQUEST-ID)%",
    "authority": "%REQ(:AUTHORITY)%", "upstream_host": "%UPSTREAM_HOST%", "upstream_cluster": "%UPSTREAM_CLUSTER_RAW%",
    "upstream_local_address": "%UPSTREAM_LOCAL_ADDRESS%", "downstream_local_address": "%DOWNSTREAM_LOCAL_ADDRESS%",
    "downstream_remote_address": "%DOWNSTREAM_REMOTE_ADDRESS%", "requested_server_name": "%REQUESTED_SERVER_NAME%",
    "upstream_transport_failure_reason": "%UPSTREAM_TRANSPORT_FAILURE_REASON%"}

# What the laboratory asks Envoy beside: it joins a line with its connections.
DETAILED = {
    "start": EXACT_TIME, "id": "%REQ(X-REQUEST-ID)%", "code": "%RESPONSE_CODE%", "flags": "%RESPONSE_FLAGS%",
    "details": "%RESPONSE_CODE_DETAILS%", "bytes_sent": "%BYTES_SENT%", "duration": "%DURATION%",
    "downstream_remote": "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%", "upstream_local": "%UPSTREAM_LOCAL_ADDRESS%",
    "attempts": "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
    "upstream_detected_close_type": "%UPSTREAM_DETECTED_CLOSE_TYPE%", "upstream_local_close_reason": "%UPSTREAM_LOCAL_CLOSE_REASON%",
    "downstream_detected_close_type": "%DOWNSTREAM_DETECTED_CLOSE_TYPE%",
    "downstream_local_close_reason": "%DOWNSTREAM_LOCAL_CLOSE_REASON%",
    "transport_failure": "%UPSTREAM_TRANSPORT_FAILURE_REASON%", "termination": "%CONNECTION_TERMINATION_DETAILS%"}
CLOSE_WORDS = [key for key in DETAILED if "close" in key]

FORMATS = {"istio-text": ISTIO_TEXT, "istio-json": ISTIO_JSON, "envoy-default": ENVOY_TEXT}


def loggers(format, detailed_path):
    """The access_log of a listener or connection manager: the shipped format on stdout, the detailed one in a file."""
    shape = FORMATS[format]
    if isinstance(shape, dict):
        shipped = dict(json_format={k: v.replace("{time}", EXACT_TIME) for k, v in shape.items()})
    else:
        shipped = dict(text_format_source=dict(inline_string=shape.replace("{time}", EXACT_TIME)))
    path = "type.googleapis.com/envoy.extensions.access_loggers"
    return [dict(name="envoy.access_loggers.stdout", typed_config={"@type": f"{path}.stream.v3.StdoutAccessLog", "log_format": shipped}),
            dict(name="envoy.access_loggers.file", typed_config={"@type": f"{path}.file.v3.FileAccessLog", "path": detailed_path,
                                                                 "log_format": dict(json_format=DETAILED)})]


class Line:
    """One line as shipped (`text`, with its exact time in it), what Envoy said beside, and when it was read from stdout."""

    def __init__(self, text, read_at, detailed):
        self.text, self.read_at, self.said = text, read_at, detailed
        self.start = nanoseconds(detailed["start"])
        self.end = self.start + round(float(detailed["duration"] or 0)) * 10**6


def nanoseconds(text):
    seconds, fraction = text.split(".")
    return int(seconds) * 10**9 + int(fraction)


def read_lines(shipped, detailed):
    """`shipped`: (time of reading, line) pairs; `detailed`: the lines of the other log, in the same order."""
    if len(shipped) != len(detailed):
        raise RuntimeError(f"{len(shipped)} access-log lines, {len(detailed)} detailed ones")
    lines = []
    for (read_at, text), more in zip(shipped, map(json.loads, detailed)):
        if more["start"] not in text:
            raise RuntimeError(f"the two logs differ in order: {text}")
        lines.append(Line(text, read_at, more))
    return lines


def iso(moment, digits):
    """RFC 3339 in UTC, cut (not rounded) to so many digits as Envoy does."""
    fraction = f"{moment % 10**9:09}"[:digits]
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment // 10**9)) + (f".{fraction}" if digits else "") + "Z"


def shifted(line, shift):
    """The line as Envoy would have written it on the clock that `shift` (nanoseconds to nanoseconds) leads to."""
    return line.text.replace(line.said["start"], iso(shift(line.start), 3))


def kubectl(line, shift, pod, container):
    """As `kubectl logs --timestamps --prefix` prints it: the time is that at which the node read the line."""
    return f"[pod/{pod}/{container}] {iso(shift(line.read_at), 9)} {shifted(line, shift)}"
