"""Draws a simulated day: load, pods and queue over the hours.

  plot.py LINES PICTURE     LINES: what simulate.py printed
"""

import argparse
import json
import pathlib

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402


def draw(run, rows, path):
    hours = [row["minute"] / 60 for row in rows]
    figure, (load, pods, queue) = plt.subplots(3, 1, sharex=True, figsize=(9, 6.5))
    load.plot(hours, [row["requests_per_minute"] for row in rows], color="0.3", linewidth=1)
    load.set_ylabel("requests\na minute")
    for name, color in (("generators", "tab:blue"), ("judges", "tab:orange")):
        pods.step(hours, [row[f"{name}_serving"] for row in rows], color=color, where="post",
                  label=f"{name}, serving", linewidth=1.2)
        pods.step(hours, [row[name] for row in rows], color=color, where="post", alpha=0.35,
                  label=f"{name}, asked for", linewidth=1.2)
    pods.set_ylabel("pods")
    pods.legend(loc="upper left", fontsize=8, ncols=2)
    queue.plot(hours, [row["queue_p95_s"] for row in rows], color="tab:red", linewidth=1)
    queue.axhline(run["queue_target_s"], color="0.5", linewidth=0.8, linestyle=":")
    queue.set_yscale("symlog", linthresh=0.1)
    queue.set_ylim(bottom=0)
    queue.set_ylabel("queue p95, s,\nof a request")
    queue.set_xlabel("hour of the day")
    queue.set_xlim(0, max(hours))
    queue.set_xticks(range(0, int(max(hours)) + 2, 2))
    for axes in (load, pods, queue):
        axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, dpi=100, metadata={"Software": None})


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lines", type=pathlib.Path)
    parser.add_argument("picture", type=pathlib.Path)
    args = parser.parse_args()
    rows = [json.loads(line) for line in args.lines.read_text().splitlines()]
    run = next(row for row in rows if row["what"] == "run")
    draw(run, [row for row in rows if row["what"] == "minute"], args.picture)


if __name__ == "__main__":
    main()
