"""The shipped cases with Envoy: story, addresses, clocks, file formats and access log of each."""
import scenarios_gateway as gateway
from envoy_laboratory import EnvoyCase, LogShape
from laboratory import Shape

ENVOY_CASES = [
    EnvoyCase("envoy-refused", "Nothing listens on the application's port: the gateway answers 503 UF", gateway.refused,
              clocks=dict(gateway=0.35, upstream=-1.2)),
    EnvoyCase("envoy-keepalive-race", "nginx closes an idle connection of Envoy's pool while the next request is on its way: 503 UC",
              gateway.keepalive_race, delay_ms=(12, 12), clocks=dict(gateway=-0.8, upstream=2.6),
              client_address="10.42.4.20", gateway_address="10.42.5.3", upstream_address="10.42.6.71", service="10.96.31.7"),
    EnvoyCase("envoy-upstream-crash", "The application is killed with responses and requests in hand: UC, and then UF",
              gateway.upstream_crash, clocks=dict(gateway=0.02, upstream=-0.45),
              client_address="10.42.7.31", gateway_address="10.42.8.12", upstream_address="10.42.9.54", service="10.96.77.40"),
]
