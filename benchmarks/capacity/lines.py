"""What these programs print: JSON lines, as the benchmarks of clusters do."""

import functools
import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "cluster"))
import json_lines  # noqa: E402

emit = functools.partial(json_lines.emit, "capacity")
