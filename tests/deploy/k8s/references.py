"""Names that objects have for each other. Each finds those that name nothing."""

from rendering import containers_of, labels_of, name_of, pod_of, ports_of, selects


def label(thing):
    return f"{thing['kind']}/{name_of(thing)}"


def pods_selected(rendering, selector):
    return [pod_of(each) for each in rendering.workloads()
            if selects(selector, labels_of(pod_of(each)))]


def ports_of_probes(rendering):
    """Probes and hooks may name the port, or give its number."""
    for workload in rendering.workloads():
        for container in containers_of(pod_of(workload), init=False):
            ports = {port["name"]: port["containerPort"] for port in container.get("ports", [])}
            for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                for action in ("grpc", "httpGet", "tcpSocket"):
                    port = container.get(probe, {}).get(action, {}).get("port")
                    if port is not None and port not in ports and port not in ports.values():
                        yield f"{label(workload)}: {container['name']}: {probe}: port {port}"


def ports_of_services(rendering):
    for service in rendering.kind("Service"):
        pods = pods_selected(rendering, {"matchLabels": service["spec"]["selector"]})
        if not pods:
            yield f"{label(service)}: selects no pod"
        for pod in pods:
            for port in service["spec"]["ports"]:
                number = ports_of(pod).get(port["targetPort"])
                if number is None:
                    yield f"{label(service)}: port {port['targetPort']}"
                # A headless name is the pod's address: nothing maps the port.
                elif service["spec"].get("clusterIP") == "None" and number != port["port"]:
                    yield f"{label(service)}: {port['port']} is {number} on the pods"


def ports_of_monitors(rendering):
    for monitor in rendering.kind("PodMonitor"):
        pods = pods_selected(rendering, monitor["spec"]["selector"])
        if not pods:
            yield f"{label(monitor)}: selects no pod"
        for endpoint in monitor["spec"]["podMetricsEndpoints"]:
            for pod in pods:
                if endpoint["port"] not in ports_of(pod):
                    yield f"{label(monitor)}: port {endpoint['port']} of {labels_of(pod)}"


def ports_of_network_policies(rendering):
    """Named ports of the own pods; numbers are for pods of other namespaces."""
    for policy in rendering.kind("NetworkPolicy"):
        own = pods_selected(rendering, policy["spec"]["podSelector"])
        if not own:
            yield f"{label(policy)}: selects no pod"
        for rule in policy["spec"].get("ingress", []):
            yield from missing_ports(policy, rule, own)
        for rule in policy["spec"].get("egress", []):
            for peer in rule["to"]:
                if not {"namespaceSelector", "ipBlock"} & peer.keys():
                    yield from missing_ports(
                        policy, rule, pods_selected(rendering, peer["podSelector"]))


def missing_ports(policy, rule, pods):
    if not pods:
        yield f"{label(policy)}: a rule selects no pod"
    for port in rule["ports"]:
        for pod in pods:
            if port["port"] not in {*ports_of(pod), *ports_of(pod).values()}:
                yield f"{label(policy)}: port {port['port']} of {labels_of(pod)}"


def selectors_of_budgets_and_scalers(rendering):
    for workload in rendering.workloads():
        if not selects(workload["spec"]["selector"], labels_of(pod_of(workload))):
            yield f"{label(workload)}: does not select its own pods"
    for budget in rendering.kind("PodDisruptionBudget"):
        if not pods_selected(rendering, budget["spec"]["selector"]):
            yield f"{label(budget)}: selects no pod"
    for scaler in rendering.kind("HorizontalPodAutoscaler", "ScaledObject"):
        target = scaler["spec"]["scaleTargetRef"]
        if not rendering.has(target["kind"], target["name"]):
            yield f"{label(scaler)}: no {target['kind']} {target['name']}"


def objects_of_pods(rendering):
    """Accounts, priorities, ConfigMaps, volumes; a StatefulSet's Service."""
    for workload in rendering.workloads():
        spec = pod_of(workload)["spec"]
        wanted = [("ServiceAccount", spec["serviceAccountName"]),
                  ("PriorityClass", spec["priorityClassName"])]
        wanted += [("ConfigMap", each["configMap"]["name"]) for each in spec["volumes"]
                   if "configMap" in each]
        if workload["kind"] == "StatefulSet":
            wanted.append(("Service", workload["spec"]["serviceName"]))
        for kind, name in wanted:
            if not rendering.has(kind, name):
                yield f"{label(workload)}: no {kind} {name}"
        yield from keys_of_variables(rendering, workload)
        volumes = {each["name"] for each in spec["volumes"]}
        for container in containers_of(pod_of(workload)):
            for mount in container.get("volumeMounts", []):
                if mount["name"] not in volumes:
                    yield f"{label(workload)}: {container['name']}: no volume {mount['name']}"


def keys_of_variables(rendering, workload):
    for container in containers_of(pod_of(workload)):
        for variable in container.get("env", []):
            wanted = variable.get("valueFrom", {}).get("configMapKeyRef")
            if wanted and not any(name_of(each) == wanted["name"] and wanted["key"] in each["data"]
                                  for each in rendering.kind("ConfigMap")):
                yield f"{label(workload)}: {container['name']}: variable {variable['name']}"


CHECKS = (ports_of_probes, ports_of_services, ports_of_monitors, ports_of_network_policies,
          selectors_of_budgets_and_scalers, objects_of_pods)


def dangling(rendering):
    """Every name that names nothing, one line each."""
    return [f"{check.__name__}: {found}" for check in CHECKS for found in check(rendering)]


def secrets_of(rendering):
    """Names of the Secrets that pods mount."""
    return {volume["secret"]["secretName"] for each in rendering.workloads()
            for volume in pod_of(each)["spec"]["volumes"] if "secret" in volume}
