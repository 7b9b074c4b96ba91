"""The sign of a state: told by its shape, so that a black-and-white print says it too."""

MARKS = {
    "done": "✓", "approved": "✓", "valid": "✓", "active": "▶", "open": "▶", "waiting": "·", "missing": "·",
    "not_ready": "·", "reopened": "↺", "returned": "↺", "stale": "!", "draft": "…", "blocked": "✗", "failed": "✗",
    "frozen": "✗",
}  # fmt: skip
