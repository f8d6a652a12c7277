"""Owners of servers in processes of their own, as tests see them."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

SCRIPT = Path(__file__).with_name("owner.py")
ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Owner:
    """An owner process, and what it said of its servers."""

    process: subprocess.Popen[str]
    facts: dict[str, Any]

    @classmethod
    def start(cls, data: Path, *options: str) -> Self:
        """Have one start servers on ``data``, and wait until they run."""
        process = subprocess.Popen(
            [sys.executable, str(SCRIPT), str(data), *options],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        return cls(process, json.loads(process.stdout.readline()))

    def die(self) -> None:
        """By SIGKILL: it stops nothing."""
        self.process.kill()
        self.process.wait(10)

    def leave(self) -> int:
        """Stop normally; its exit code."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(30)


StartOwner = Callable[..., Owner]
