"""The paper's comparisons on held-out questions of the reference sets."""
