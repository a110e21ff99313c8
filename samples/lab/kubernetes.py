"""What `kubectl get pods,services,endpointslices,events -o json` would have said of a case's cluster."""
import uuid

from access_log import iso

HOUR = 3600 * 10**9


def stamp(moment):
    return iso(moment, 0)


def listing(*objects):
    return dict(apiVersion="v1", kind="List", metadata=dict(resourceVersion=""), items=list(objects))


def identity(kind, namespace, name):
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{kind}/{namespace}/{name}"))


def meta(kind, namespace, name, created, **more):
    return dict(name=name, namespace=namespace, uid=identity(kind, namespace, name), creationTimestamp=stamp(created), **more)


def running(name, started, restarts=0, ready=True, last=None, image="registry.example.com/shop/orders:2.14.0"):
    """One entry of containerStatuses. `last`: (reason, exit code, started, finished) of the container before."""
    return dict(name=name, image=image, ready=ready, started=True, restartCount=restarts,
                state=dict(running=dict(startedAt=stamp(started))), lastState=dict(terminated=terminated(*last)) if last else {})


def ended(name, reason, code, started, finished, image="registry.example.com/shop/orders:2.14.0", restarts=0):
    return dict(name=name, image=image, ready=False, started=False, restartCount=restarts,
                state=dict(terminated=terminated(reason, code, started, finished)), lastState={})


def terminated(reason, code, started, finished):
    return dict(reason=reason, exitCode=code, startedAt=stamp(started), finishedAt=stamp(finished))


def pod(namespace, name, address, node, app, containers, ports, started, ready_at=None, is_ready=True, grace=30, deleted=None, sidecar=False):
    """`deleted` is when the deletion was asked for: the object says when the grace period ends."""
    metadata = meta("Pod", namespace, name, started, labels=dict(app=app))
    if sidecar:
        metadata["labels"]["security.istio.io/tlsMode"] = "istio"
        metadata["annotations"] = {"sidecar.istio.io/status": '{"initContainers":["istio-init"],"containers":["istio-proxy"]}'}
    if deleted:
        metadata.update(deletionTimestamp=stamp(deleted + grace * 10**9), deletionGracePeriodSeconds=grace)
    conditions = [dict(type=kind, status="True" if kind not in ("Ready", "ContainersReady") or is_ready else "False",
                       lastTransitionTime=stamp(ready_at or started)) for kind in ("PodScheduled", "Initialized", "ContainersReady", "Ready")]
    return dict(apiVersion="v1", kind="Pod", metadata=metadata,
                spec=dict(nodeName=node, terminationGracePeriodSeconds=grace,
                          containers=[dict(name=status["name"], image=status["image"],
                                           ports=[dict(containerPort=port, protocol="TCP") for port in ports.get(status["name"], ())])
                                      for status in containers]),
                status=dict(phase="Running", podIP=address, podIPs=[dict(ip=address)], hostIP=f"192.168.10.{node[-1]}",
                            startTime=stamp(started), conditions=conditions, containerStatuses=containers))


def service(namespace, name, address, port, target_port, app, created):
    return dict(apiVersion="v1", kind="Service", metadata=meta("Service", namespace, name, created),
                spec=dict(type="ClusterIP", clusterIP=address, clusterIPs=[address], selector=dict(app=app),
                          ports=[dict(name="http", protocol="TCP", port=port, targetPort=target_port)]))


def endpoint_slice(namespace, name, port, endpoints, created):
    """`endpoints`: (pod name, address, node, state); the state is ready, unready or terminating."""
    rows = [dict(addresses=[address], nodeName=node,
                 targetRef=dict(kind="Pod", namespace=namespace, name=pod_name, uid=identity("Pod", namespace, pod_name)),
                 conditions=dict(ready=state == "ready", serving=state == "ready", terminating=state == "terminating"))
            for pod_name, address, node, state in endpoints]
    metadata = meta("EndpointSlice", namespace, f"{name}-7x2kd", created, labels={"kubernetes.io/service-name": name})
    return dict(apiVersion="discovery.k8s.io/v1", kind="EndpointSlice", addressType="IPv4", metadata=metadata,
                ports=[dict(name="http", port=port, protocol="TCP")], endpoints=rows)


def event(namespace, kind, name, reason, message, at, container=None, warning=False, count=1, first=None, source="kubelet", node="node-3"):
    about = dict(kind=kind, namespace=namespace, name=name, uid=identity(kind, namespace, name), apiVersion="v1")
    if container:
        about["fieldPath"] = f"spec.containers{{{container}}}"
    number = identity("Event", namespace, f"{name}{reason}{at}")[:16].replace("-", "")
    return dict(apiVersion="v1", kind="Event", metadata=meta("Event", namespace, f"{name}.{number}", at), involvedObject=about,
                reason=reason, message=message, type="Warning" if warning else "Normal", count=count,
                firstTimestamp=stamp(first or at), lastTimestamp=stamp(at), eventTime=None,
                source=dict(component=source, host=node), reportingComponent=source, reportingInstance=node)


class Shop:
    """The cluster of the cases: a gateway (or a client pod with sidecar) and the pod of an application named orders."""

    CALLER_NODE, ORDERS_NODE = "node-1", "node-3"

    def __init__(self, lab, clock):
        """`clock(host)` leads from the laboratory's time to the clock of that host: each kubelet writes its node's time."""
        self.case, self.moments, self.clock = lab.case, lab.moments, clock
        self.began = clock("upstream")(lab.recorded_at) - 26 * HOUR
        self.orders = "orders-6c9f7d5b84-m2xkq"

    def at(self, moment, plus=0.0):
        """A marked moment on the clock of the application's node."""
        return self.clock("upstream")(self.moments[moment]) + round(plus * 10**9)

    def gateway(self, ended_at=None):
        """The gateway's pod and its service, healthy all the time; or its proxy was terminated, and the kubelet started it again."""
        name, app = "ingressgateway-5d4f8c7b9-qz8lw", "ingressgateway"
        image = "registry.example.com/proxy:1.40.0"
        status = running("istio-proxy", self.began, image=image)
        if ended_at:
            again = ended_at + 2 * 10**9
            status = running("istio-proxy", again, restarts=1, last=("Completed", 0, self.began, ended_at), image=image)
        return [pod("ingress", name, self.case.gateway_address, self.CALLER_NODE, app, [status], {"istio-proxy": [self.case.port]}, self.began),
                service("ingress", "ingressgateway", self.case.service, self.case.service_port, self.case.port, app, self.began),
                endpoint_slice("ingress", "ingressgateway", self.case.port,
                               [(name, self.case.gateway_address, self.CALLER_NODE, "ready")], self.began)]

    def orders_service(self, state="ready", port=8080, cluster_ip="10.96.120.8", service_port=8080):
        """The application's service and its endpoints."""
        return [service("shop", "orders", cluster_ip, service_port, port, "orders", self.began),
                endpoint_slice("shop", "orders", port, [(self.orders, self.case.upstream_address, self.ORDERS_NODE, state)], self.began)]

    def orders_pod(self, containers=None, ports=(8080,), **more):
        """The application's pod; without `containers` it runs since long."""
        containers = containers or [running("orders", self.began)]
        if more.get("sidecar"):
            containers = [*containers, running("istio-proxy", self.began, image="registry.example.com/proxy:1.40.0")]
        return pod("shop", self.orders, self.case.upstream_address, self.ORDERS_NODE, "orders", containers, {"orders": ports},
                   more.pop("started", self.began), **more)

    def client_pod(self, sidecar=False):
        """The pod that calls."""
        statuses = [running("checkout", self.began, image="registry.example.com/shop/checkout:5.1.2")]
        if sidecar:
            statuses.append(running("istio-proxy", self.began, image="registry.example.com/proxy:1.40.0"))
        return pod("shop", "checkout-7b9d4c6f5-8rwzn", self.case.client_address, self.CALLER_NODE, "checkout", statuses, {}, self.began,
                   sidecar=sidecar)

    def tells(self, reason, message, at, **more):
        """An event about the application's pod."""
        return event("shop", "Pod", self.orders, reason, message, at, **dict(dict(container="orders", node=self.ORDERS_NODE), **more))


def all_is_well(lab, ports=(8080,)):
    """The objects of a case in which Kubernetes knows of no trouble."""

    def cluster(clock):
        shop = Shop(lab, clock)
        return listing(*shop.gateway(), *shop.orders_service(), shop.orders_pod(ports=ports))
    lab.cluster_objects = cluster


def pods_only(lab, client_sidecar=False, server_sidecar=True, ports=(8080,)):
    """The objects of a case without gateway, in which Kubernetes knows of no trouble; which pods have a sidecar."""
    def cluster(clock):
        shop = Shop(lab, clock)
        return listing(*shop.orders_service(cluster_ip=lab.case.service, service_port=lab.case.service_port),
                       shop.orders_pod(sidecar=server_sidecar, ports=ports), shop.client_pod(client_sidecar))
    lab.cluster_objects = cluster
