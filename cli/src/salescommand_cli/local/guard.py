"""Start a program that ends when its parent does: `python -I -S guard.py PARENT_PID program arguments…`.

On Linux the kernel sends the program SIGTERM when the parent is gone, however it went. Elsewhere the program just
starts; what a killed parent leaves behind is ended by the next start. Only the standard library is used, and little
of it, because every child pays for this file's start.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Ask for the signal, check that the parent did not end in between, become the program."""
    parent, program = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            sys.exit("the parent process is gone")
    # The parent ignores or blocks signals as it needs; a child starts with the defaults.
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    os.execv(program[0], program)  # noqa: S606 - becoming the program is the point


if __name__ == "__main__":
    main()
