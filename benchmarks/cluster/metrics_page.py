"""Reads a service's Prometheus page."""

import re
import urllib.request

SAMPLE = re.compile(r'^([a-z_]+)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')


class Page:
    """The samples of a page at one moment."""

    def __init__(self, url):
        with urllib.request.urlopen(url, timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        found = (SAMPLE.match(line) for line in lines)
        self.samples = [(m[1], dict(LABEL.findall(m[2] or "")), float(m[3])) for m in found if m]

    def total(self, name, **labels):
        """The sum of a metric's samples that have these labels; 0 where there are none."""
        return sum(value for sample, its, value in self.samples
                   if sample == name and labels.items() <= its.items())
