"""A cold process that checks the whole target model, beside check-jsonschema on its seven stage files."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from schemas.validation import shipped
from tests.benchmarks.school import TARGET
from tests.benchmarks.table import Row, child_cpu, interleaved

TIMES = 15
CHECK = "from flows.cli import main; main()"


def rows() -> Iterator[Row]:
    """One row: ours reads every kind of file, meaning and conditions; theirs the shape of stages alone."""
    ours = [sys.executable, "-c", CHECK, "check", str(TARGET)]
    with tempfile.TemporaryDirectory() as folder:
        schema = Path(folder) / "stage.schema.json"
        schema.write_text(json.dumps(shipped("definition", "stage")))  # its references resolved already
        stages = [str(path) for path in sorted(TARGET.glob("stages/*.yaml"))]
        theirs = [sys.executable, "-m", "check_jsonschema", "--schemafile", str(schema), *stages]
        # both from bytecode, as installed: an editable checkout, or one that may not write any, has none beside it
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(Path(folder) / "bytecode")}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        for each in (ours, theirs):
            child_cpu(each, environment)  # compiles it
        mine, other = interleaved(
            TIMES, lambda: child_cpu(ours, environment), lambda: child_cpu(theirs, environment)
        )
    files = len(list(TARGET.rglob("*.yaml")))
    yield Row(
        "check", mine, other, f"check-jsonschema, {len(stages)} stage files", at_most=1.0, seconds=0.4,
        note=f"cold processes, user and system, median of {TIMES} in turns; ours: `nastavnik check` of {files} "
        "files and the artefact schemas, with meaning and conditions",
    )  # fmt: skip
