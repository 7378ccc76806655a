"""What the Grafana dashboards show; make_dashboards.py writes them as JSON."""
