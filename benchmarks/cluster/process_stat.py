"""What the kernel says about running processes."""

import os
import pathlib

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    """Processor time of a process so far, user and system, to a clock tick."""
    stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    # The name in parentheses may hold spaces; utime is the twelfth field after it.
    fields = stat.rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def memory(pid):
    """Bytes of a process by kind: Rss, Pss (a page that n processes share counts 1/n), Pss_Anon."""
    rows = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    fields = (row.replace(":", "").split() for row in rows)
    return {name: int(kibibytes) * 1024 for name, kibibytes, _ in fields}
