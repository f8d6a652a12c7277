"""An owner of embedded servers in a process of its own, for tests to kill.

Says one line of JSON when the servers run, then keeps them until its standard input ends.
"""

import argparse
import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path

from sandbox.servers import EmbeddedServers
from sandbox.servers.accounts import nobody
from sandbox.servers.programs import Programs, installed, within_reach


def become_ordinary(place: Path) -> Programs:
    """Give up root for ``nobody``, to whom programs out of reach are copied first."""
    account = nobody()
    programs = within_reach(installed(), account, place)
    os.setgroups([])
    os.setgid(account.gid)
    os.setuid(account.uid)
    return programs


def fork_child() -> int:
    """A child that holds on to whatever it inherits, and outlives its parent."""
    pid = os.fork()
    if pid == 0:
        time.sleep(60)
        os._exit(0)
    return pid


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--ordinary", type=Path, metavar="PLACE")
    parser.add_argument("--fork", action="store_true")
    parser.add_argument("--drop", action="store_true")
    options = parser.parse_args()
    programs = become_ordinary(options.ordinary) if options.ordinary else None
    with EmbeddedServers(
        options.data, durable=False, keep=not options.drop, programs=programs
    ) as servers:
        facts = {
            "uid": os.getuid(),
            "guard": servers.guard.pid,
            "postgres": servers.postgres.pid,
            "valkey": servers.valkey.pid,
            "child": fork_child() if options.fork else None,
            **asdict(servers.addresses),
        }
        sys.stdout.write(json.dumps(facts) + "\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
