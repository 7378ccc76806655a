"""Answers of a stagebeam cluster, compared."""
