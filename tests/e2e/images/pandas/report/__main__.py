"""python -m report NAME: run the function `main` of report.jobs.NAME."""

import importlib
import sys

name = sys.argv[1]
try:
    job = importlib.import_module(f"report.jobs.{name}")
except ModuleNotFoundError as error:
    if error.name != f"report.jobs.{name}":
        raise
    sys.exit(f"no such report: {name}")
print(f"{name}: {job.main()}")
