"""Makes training data of four-stage responses from questions with known answers."""
