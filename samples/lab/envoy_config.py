"""Envoy bootstrap configurations: an ingress gateway, and the sidecars of both pods as Istio sets them up."""

API = "type.googleapis.com/envoy"
HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
CLIENT_SIDE_PORT, SERVER_SIDE_PORT = 15001, 15006
SOURCE_TO_APPLICATION = "127.0.0.6"


def typed(name, path, **fields):
    return dict(name=name, typed_config={"@type": f"{API}.extensions.{path}", **fields})


def address(host, port):
    return dict(socket_address=dict(address=host, port_value=port))


def bootstrap(listeners, clusters):
    return dict(node=dict(id="proxy", cluster="proxy"), static_resources=dict(listeners=listeners, clusters=clusters))


def cluster(name, endpoints=(), tls=None, http2=False, connect_timeout="10s", common=None, source=None, **more):
    """Without endpoints the connection goes where the client wanted to go (original destination). `common`: limits of
    its connections, as common_http_protocol_options names them."""
    made = dict(name=name, connect_timeout=connect_timeout, **more)
    if endpoints:
        hosts = [dict(endpoint=dict(address=address(*endpoint))) for endpoint in endpoints]
        made.update(type="STATIC", load_assignment=dict(cluster_name=name, endpoints=[dict(lb_endpoints=hosts)]))
    else:
        made.update(type="ORIGINAL_DST", lb_policy="CLUSTER_PROVIDED")
    if tls:
        made["transport_socket"] = tls
    if source:
        made["upstream_bind_config"] = dict(source_address=dict(address=source, port_value=0))
    version = dict(http2_protocol_options={}) if http2 else dict(http_protocol_options={})
    options = dict(explicit_http_config=version)
    if common:
        options["common_http_protocol_options"] = common
    made["typed_extension_protocol_options"] = {HTTP_OPTIONS: {"@type": f"type.googleapis.com/{HTTP_OPTIONS}", **options}}
    return made


def route(prefix, cluster_name, timeout="0s", **more):
    """Istio's routes have no timeout, Envoy's own default is 15 s."""
    return dict(name="default", match=dict(prefix=prefix), route=dict(cluster=cluster_name, timeout=timeout, **more))


def manager(prefix, routes, logs, **more):
    """An HTTP connection manager; the first route whose prefix fits is taken."""
    hosts = [dict(name="all", domains=["*"], routes=list(routes))]
    return typed("envoy.filters.network.http_connection_manager",
                 "filters.network.http_connection_manager.v3.HttpConnectionManager",
                 stat_prefix=prefix, access_log=logs, generate_request_id=True,
                 route_config=dict(name=prefix, virtual_hosts=hosts),
                 http_filters=[typed("envoy.filters.http.router", "filters.http.router.v3.Router")], **more)


def tcp_proxy(prefix, cluster_name, logs, **more):
    return typed("envoy.filters.network.tcp_proxy", "filters.network.tcp_proxy.v3.TcpProxy",
                 stat_prefix=prefix, cluster=cluster_name, access_log=logs, **more)


def gateway(port, routes, clusters, logs, raw=None, **more):
    """An edge proxy: unlike a sidecar it gives each request an id of its own and notes the client's address. `raw`: a TCP
    proxy beside, as (port, cluster name, its limits)."""
    edge = manager("gateway", routes, logs, use_remote_address=True, **more)
    listeners = [dict(name="gateway", address=address("0.0.0.0", port), filter_chains=[dict(filters=[edge])])]
    if raw:
        raw_port, cluster_name, limits = raw
        filters = [tcp_proxy(cluster_name, cluster_name, logs, **limits)]
        listeners.append(dict(name="raw", address=address("0.0.0.0", raw_port), filter_chains=[dict(filters=filters)]))
    return bootstrap(listeners, clusters)


def client_sidecar(service, routes, clusters, logs):
    """The outbound side: what iptables sends to 15001 goes to the listener of its original destination."""
    entry = dict(name="virtualOutbound", address=address("0.0.0.0", CLIENT_SIDE_PORT), use_original_dst=True,
                 filter_chains=[dict(filters=[tcp_proxy("BlackHoleCluster", "BlackHoleCluster", logs)])])
    host, port = service
    listener = dict(name=f"{host}_{port}", address=address(host, port), bind_to_port=False,
                    filter_chains=[dict(filters=[manager(f"outbound_{host}_{port}", routes, logs)])])
    black_hole = dict(name="BlackHoleCluster", type="STATIC", connect_timeout="10s")
    return bootstrap([entry, listener], [*clusters, black_hole])


def server_sidecar(ports, logs, tls, **more):
    """The inbound side. `ports` is PORT -> "STRICT" (mutual TLS only) or "PERMISSIVE" (plaintext as well)."""
    chains, clusters = [], []
    for port, mode in ports.items():
        name = f"inbound|{port}||"
        clusters.append(cluster(name, source=SOURCE_TO_APPLICATION, **more))
        filters = [manager(f"inbound_0.0.0.0_{port}", [route("/", name)], logs)]
        protocols = ["istio", "istio-peer-exchange", "istio-http/1.0", "istio-http/1.1", "istio-h2"]
        match = dict(destination_port=port, transport_protocol="tls", application_protocols=protocols)
        chains.append(dict(name=f"0.0.0.0_{port}", filter_chain_match=match, filters=filters, transport_socket=tls))
        if mode == "PERMISSIVE":
            match = dict(destination_port=port, transport_protocol="raw_buffer")
            chains.append(dict(name=f"0.0.0.0_{port}_plain", filter_chain_match=match, filters=filters))
    # Istio logs at the listener only what no filter chain took.
    refused = [dict(log, filter=dict(response_flag_filter=dict(flags=["NR"]))) for log in logs]
    entry = dict(name="virtualInbound", address=address("0.0.0.0", SERVER_SIDE_PORT), access_log=refused, filter_chains=chains,
                 listener_filters=[typed("envoy.filters.listener.original_dst", "filters.listener.original_dst.v3.OriginalDst"),
                                   typed("envoy.filters.listener.tls_inspector", "filters.listener.tls_inspector.v3.TlsInspector")],
                 listener_filters_timeout="5s")
    return bootstrap([entry], clusters)


def certificates(chain, key, ca):
    """What both ends of mutual TLS hold; a client without a chain sends no certificate."""
    own = [dict(certificate_chain=dict(filename=chain), private_key=dict(filename=key))] if chain else []
    return dict(tls_certificates=own, validation_context=dict(trusted_ca=dict(filename=ca)))


def client_tls(identity, sni, alpn=("istio-http/1.1", "istio", "http/1.1"), newest="TLSv1_3"):
    """A TLS client; `identity` is (chain, key, ca). Istio allows 1.3, the default of Envoy as a client ends at 1.2."""
    versions = dict(tls_minimum_protocol_version="TLSv1_2", tls_maximum_protocol_version=newest)
    return typed("envoy.transport_sockets.tls", "transport_sockets.tls.v3.UpstreamTlsContext", sni=sni,
                 common_tls_context=dict(certificates(*identity), alpn_protocols=list(alpn), tls_params=versions))


def server_tls(identity, alpn=("istio-http/1.1", "istio", "http/1.1", "h2")):
    """A TLS server that requires a certificate of its client."""
    return typed("envoy.transport_sockets.tls", "transport_sockets.tls.v3.DownstreamTlsContext", require_client_certificate=True,
                 common_tls_context=dict(certificates(*identity), alpn_protocols=list(alpn)))
