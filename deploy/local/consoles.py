"""The Grafana dashboards as pages that Prometheus serves itself, where there is no Grafana."""

import json
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
DASHBOARDS = HERE.parent / "k8s" / "components" / "monitoring" / "dashboards"


def _in_a_page(value):
    """JSON that may stand inside a script element, and that Prometheus does not expand."""
    return json.dumps(value).replace("<", "\\u003c").replace("{{", "\\u007b\\u007b")


def write_consoles(folder):
    """Writes a page for each dashboard into `folder`; their names, the overview first."""
    folder.mkdir(parents=True, exist_ok=True)
    names = sorted((path.stem for path in DASHBOARDS.glob("*.json")),
                   key=lambda name: (name != "overview", name))
    page = (HERE / "board.html").read_text()
    for name in names:
        board = json.loads((DASHBOARDS / f"{name}.json").read_text())
        text = page.replace("@BOARDS@", _in_a_page(names)).replace("@BOARD@", _in_a_page(board))
        (folder / f"{name}.html").write_text(text)
    return names
