"""What can go wrong with the embedded servers, as sentences."""

from pathlib import Path

from tracker.kit.errors import TrackerError

_SILENT = "(nothing; is the disk full?)"


class ServersError(TrackerError):
    """The embedded servers cannot do what was asked; the message says why, for a person."""

    code = "embedded_servers"


class DataFolderInUse(ServersError):
    """Another living process runs its servers on this data folder.

    ``owner`` is its pid, when it is known.
    """

    code = "data_folder_in_use"

    def __init__(self, folder: Path, owner: int | None) -> None:
        who = f"process {owner}" if owner else "another process"
        super().__init__(f"the data folder {folder} is in use by {who}; name another with --data")
        self.owner = owner


class BadDataFolder(ServersError):
    """The data folder cannot hold the servers' data, or holds something else."""

    code = "bad_data_folder"


class ProgramsMissing(ServersError):
    """The servers' programs are not installed, or cannot be run here."""

    code = "programs_missing"


class ServerDidNotStart(ServersError):
    """A server ended, or kept silent, before it took connections.

    ``tail`` is what it last wrote to its log.
    """

    code = "server_did_not_start"

    def __init__(self, name: str, why: str, log: Path, tail: str) -> None:
        super().__init__(f"{name} did not start: {why}. The end of {log}:\n{tail or _SILENT}")
        self.tail = tail


class ServerDidNotStop(ServersError):
    """Processes outlived SIGKILL, or are not ours to end."""

    code = "server_did_not_stop"
