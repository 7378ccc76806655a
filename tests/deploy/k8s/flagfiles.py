"""Flags that a container's program gets: arguments, and flagfiles in ConfigMaps."""

import posixpath

from rendering import main_of, pod_of


def files_of(rendering, workload):
    """{path in the first container: text} of what its ConfigMaps put there."""
    pod = pod_of(workload)
    maps = {each["name"]: each["configMap"]["name"] for each in pod["spec"]["volumes"]
            if "configMap" in each}
    found = {}
    for mount in main_of(workload).get("volumeMounts", []):
        if mount["name"] in maps:
            data = rendering.one("ConfigMap", maps[mount["name"]])["data"]
            found |= {posixpath.join(mount["mountPath"], key): text for key, text in data.items()}
    return found


def lines_of(text):
    lines = map(str.strip, text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def arguments_of(rendering, workload):
    """The arguments in order, with what a flagfile holds in its place."""
    files = files_of(rendering, workload)
    found = []
    for argument in main_of(workload)["args"]:
        path = argument.removeprefix("--flagfile=")
        found += lines_of(files[path]) if path != argument else [argument]
    return found


def flags_of(rendering, workload):
    """{name: value}; the last one counts, as for the programs."""
    pairs = (argument.removeprefix("--").partition("=") for argument in
             arguments_of(rendering, workload))
    return {name: value for name, _, value in pairs}
