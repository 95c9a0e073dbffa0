"""Runs synq as `python -m synq_cli`."""

import sys

from synq_cli.app import main

sys.exit(main())
