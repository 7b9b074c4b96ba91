"""Prefect's settings, put into the environment before Prefect is imported; nothing inherited, nothing sent out."""

from __future__ import annotations

import logging
import os

from flows.settings import Workspace, debugging

SETTINGS = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_SERVER_UI_V2_ENABLED": "false",  # it calls an analytics host whatever else is set
    "PREFECT_LOGGING_LEVEL": "WARNING",
    "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
    "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
    "PREFECT_CLI_COLORS": "false",
    "PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED": "false",  # the server is our own
    "PREFECT_CLIENT_MAX_RETRIES": "3",  # five are two minutes of silence when the server is gone
    # SQLite: larger batches, or the recorder of task runs and the API meet in the database
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "500",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "50",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "5",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "1000",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL": "15",
}

QUIET = {
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL"
}  # failures are told as incidents, tracebacks in the UI


def environment(workspace: Workspace, api_url: str = "") -> dict[str, str]:
    """The environment of Prefect for a workspace; `api_url` only for its clients."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    own = {str(name): str(value) for name, value in (workspace.settings.get("prefect") or {}).items()}
    client = {"PREFECT_API_URL": api_url, **({} if debugging() else QUIET)} if api_url else {}
    return {
        **kept,
        **SETTINGS,
        "PREFECT_HOME": str(workspace.prefect_home),
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": workspace.prefect_database,
        "NASTAVNIK_WORKSPACE": str(workspace.folder),
        "PYTHONUTF8": "1",
        **client,
        **own,
    }


def apply(workspace: Workspace, api_url: str) -> None:
    """Make this process a client of a server; before Prefect is imported."""
    wanted = environment(workspace, api_url)
    for name in [name for name in os.environ if name.startswith("PREFECT_")]:
        del os.environ[name]
    os.environ.update(wanted)
    logging.raiseExceptions = debugging()  # a lost server is told once, by us
    os.umask(0o077)
