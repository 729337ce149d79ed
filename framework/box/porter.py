"""Runs inside a box without network: carries what comes to a port of its loopback to a socket.

Arguments: the port, the socket, and the command to run once the port answers. The command takes
this process's place, with its input and output; the porter is a process apart from it, and ends
with the box. Nothing is read of what is carried, and nothing is decided here: what the socket's
other side refuses is refused there, because an agent can do without a porter.
"""

import os
import select
import signal
import socket
import sys

_CHUNK = 1 << 16


def _carry(inner: socket.socket, outer: socket.socket) -> None:
    """Both ways until both have ended; the end of one is passed on to the other."""
    others = {inner: outer, outer: inner}
    while others:
        for source in select.select(list(others), [], [])[0]:
            chunk = source.recv(_CHUNK)
            if chunk:
                others[source].sendall(chunk)
            else:
                others.pop(source).shutdown(socket.SHUT_WR)


def _serve(listener: socket.socket, path: str) -> None:
    """A process for each connection: one that hangs keeps no other waiting."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        connection = listener.accept()[0]
        if os.fork() == 0:
            door = socket.socket(socket.AF_UNIX)
            try:
                door.connect(path)
                _carry(connection, door)
            except OSError:
                os._exit(1)  # one of the two has gone, and the other sees that
            os._exit(0)
        connection.close()


def _step_aside() -> bool:
    """Become a process that holds nothing of the command's; False in the command's own."""
    if child := os.fork():
        os.waitpid(child, 0)
        return False
    if os.fork():
        os._exit(0)
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    return True


def _main(port: str, path: str, command: list[str]) -> None:
    with socket.create_server(("127.0.0.1", int(port))) as listener:
        if _step_aside():
            held = listener.fileno()
            os.closerange(3, held)
            os.closerange(held + 1, 256)
            _serve(listener, path)
    os.execvp(command[0], command)  # noqa: S606 - a shell would be one more thing to quote for


if __name__ == "__main__":
    _main(sys.argv[1], sys.argv[2], sys.argv[3:])
