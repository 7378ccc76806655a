#!/usr/bin/env python3
"""Prints the rules of prometheus_rule.yaml as a rule file for Prometheus itself.

What Kubernetes keeps under "spec:" is such a file, but for its indentation.
"""

import pathlib
import textwrap

MANIFEST = pathlib.Path(__file__).resolve().parent / "prometheus_rule.yaml"


def rule_file(manifest=MANIFEST):
    """The text of the rule file. Expects "spec:" to be the manifest's last block."""
    _, _, block = manifest.read_text().partition("\nspec:\n")
    lines = block.splitlines()
    if not lines or any(line and not line.startswith("  ") for line in lines):
        raise ValueError(f"{manifest}: 'spec:' must be the last block and hold the groups")
    return textwrap.dedent(block)


if __name__ == "__main__":
    print(rule_file(), end="")
