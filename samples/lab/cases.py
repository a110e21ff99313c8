"""The shipped cases: story, addresses, clocks and file formats of each."""
import scenarios_close as close
from laboratory import Case, Shape

CASES = [
    Case("keepalive-race", "The upstream's keep-alive timer closes idle connections while the next request is on its way",
         close.keepalive_race, delay_ms=(11, 14), clock_offset=0.75, service_port=80, port=8080,
         options=dict(idle=5.0, lag=0.002)),
    Case("upstream-kill", "The upstream process is killed (SIGKILL, as by the OOM killer) with requests in hand",
         close.upstream_kill, upstream=Shape("pcap-nanosecond", "any"), delay_ms=(3, 3), clock_offset=-3.25, clock_drift=40,
         client_address="10.42.2.31", upstream_address="10.42.7.5", service="10.96.88.12", service_port=8000, port=9000,
         options=dict(other_port=9001)),
]
