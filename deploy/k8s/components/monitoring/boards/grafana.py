"""The parts of a Grafana dashboard, as the JSON that Grafana imports."""

import dataclasses

SCHEMA_VERSION = 39  # Grafana 10.4 and later read it as it is.
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
WIDTH = 24  # Columns of Grafana's grid.
HEIGHT = 8


@dataclasses.dataclass(frozen=True)
class Query:
    """One query of a panel, and how each of its series is called."""

    expr: str
    legend: str


@dataclasses.dataclass(frozen=True)
class Panel:
    """One graph. `unit` is Grafana's name for it: "s", "bytes", "reqps"."""

    title: str
    description: str
    unit: str
    queries: tuple
    stack: str = "none"  # "normal" adds series up, "percent" shows their shares.
    maximum: float | None = None
    columns: int = 3  # Panels of this size in a row.


@dataclasses.dataclass(frozen=True)
class Row:
    """Panels under one heading."""

    title: str
    panels: tuple


@dataclasses.dataclass(frozen=True)
class Variable:
    """A choice at the top of the dashboard: values of a label, or all of them."""

    name: str
    query: str
    regex: str = ""
    all_value: str = ".*"


@dataclasses.dataclass(frozen=True)
class Board:
    """One dashboard; `name` is its file's, and part of its address."""

    name: str
    title: str
    description: str
    rows: tuple
    variables: tuple = ()


NAMESPACE = Variable("namespace", "label_values(stagebeam_build_info, namespace)")


def quantile(q, metric, labels="", by=""):
    """The expression for a quantile of a histogram, by labels."""
    grouping = ", ".join(part for part in ("le", by) if part)
    return (f"histogram_quantile({q}, sum by ({grouping}) "
            f"(rate({metric}_bucket{selector(labels)}[$__rate_interval])))")


def rate(metric, labels="", by=""):
    """The expression for events a second, by labels."""
    grouping = f" by ({by})" if by else ""
    return f"sum{grouping} (rate({metric}{selector(labels)}[$__rate_interval]))"


def level(metric, labels="", by="", how="sum"):
    """The expression for a gauge, over all replicas."""
    grouping = f" by ({by})" if by else ""
    return f"{how}{grouping} ({metric}{selector(labels)})"


def selector(labels):
    return "{" + ", ".join(part for part in ('namespace=~"$namespace"', labels) if part) + "}"


def _target(query, number):
    return {"datasource": DATASOURCE, "editorMode": "code", "expr": query.expr,
            "legendFormat": query.legend, "range": True, "refId": chr(ord("A") + number)}


def _panel(panel, number, place):
    custom = {"drawStyle": "line", "fillOpacity": 0 if panel.stack == "none" else 30,
              "lineWidth": 1, "showPoints": "never", "spanNulls": False,
              "stacking": {"group": "A", "mode": panel.stack}}
    defaults = {"custom": custom, "min": 0, "unit": panel.unit}
    if panel.maximum is not None:
        defaults["max"] = panel.maximum
    return {
        "id": number, "type": "timeseries", "title": panel.title,
        "description": panel.description, "datasource": DATASOURCE, "gridPos": place,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": {"legend": {"calcs": [], "displayMode": "list", "placement": "bottom",
                               "showLegend": True},
                    "tooltip": {"mode": "multi", "sort": "desc"}},
        "targets": [_target(query, i) for i, query in enumerate(panel.queries)],
    }


def _panels(rows):
    """Every panel at its place: row after row, from left to right."""
    panels, top = [], 0
    for row in rows:
        panels.append({"id": len(panels) + 1, "type": "row", "title": row.title,
                       "collapsed": False, "panels": [],
                       "gridPos": {"h": 1, "w": WIDTH, "x": 0, "y": top}})
        top, left = top + 1, 0
        for panel in row.panels:
            width = WIDTH // panel.columns
            if left + width > WIDTH:
                top, left = top + HEIGHT, 0
            place = {"h": HEIGHT, "w": width, "x": left, "y": top}
            panels.append(_panel(panel, len(panels) + 1, place))
            left += width
        top += HEIGHT
    return panels


def _variables(variables):
    choices = [{"name": "datasource", "label": "Data source", "type": "datasource",
                "query": "prometheus", "current": {}, "hide": 0, "includeAll": False,
                "multi": False, "options": [], "refresh": 1, "regex": "", "skipUrlSync": False}]
    for each in variables:
        choices.append({
            "name": each.name, "label": each.name.capitalize(), "type": "query",
            "datasource": DATASOURCE, "definition": each.query,
            "query": {"query": each.query, "refId": each.name}, "regex": each.regex,
            "includeAll": True, "allValue": each.all_value, "multi": True,
            "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
            "hide": 0, "options": [], "refresh": 2, "skipUrlSync": False, "sort": 1})
    return choices


def dashboard(board):
    """The dashboard as Grafana's JSON has it."""
    return {
        "annotations": {"list": []}, "description": board.description, "editable": True,
        "graphTooltip": 1, "id": None, "links": [
            {"title": "stagebeam", "type": "dashboards", "tags": ["stagebeam"],
             "asDropdown": True, "includeVars": True, "keepTime": True}],
        "panels": _panels(board.rows), "refresh": "30s", "schemaVersion": SCHEMA_VERSION,
        "tags": ["stagebeam"],
        "templating": {"list": _variables((NAMESPACE, *board.variables))},
        "time": {"from": "now-1h", "to": "now"}, "timepicker": {}, "timezone": "browser",
        "title": board.title, "uid": f"stagebeam-{board.name}", "version": 1,
    }
