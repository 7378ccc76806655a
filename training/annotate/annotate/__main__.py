"""`python -m annotate`, the same as the command stagebeam-annotate."""

import sys

from annotate.command import main

sys.exit(main())
