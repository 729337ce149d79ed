"""Runs inside a box and tries the ways out of it. Tells each that is open; changes nothing.

Files are opened for writing and closed again, sockets are connected and closed, and calls of the
kernel that would change something are made with arguments that no kernel accepts, so that only
the question whether they are allowed is answered. Arguments are `name=value`, told by the host,
which also knows what there is to be hidden. What cannot be tried counts as open.
"""

import ctypes
import os
import socket
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

FACTS: dict[str, list[str]] = {}
"""What the host told, in `probe`."""

_LIBC = ctypes.CDLL(None, use_errno=True)
_FSOPEN = 430
_KEYCTL = {"x86_64": 250, "aarch64": 219}
_NEW_USER = 0x10000000
_TICK = 0x4000
_SETTINGS = (
    *("core_pattern", "modprobe", "hotplug", "poweroff_cmd", "sysrq", "ns_last_pid"),
    *("randomize_va_space", "yama/ptrace_scope", "unprivileged_bpf_disabled", "kptr_restrict"),
)
_DEVICES = frozenset(
    {
        *("null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts", "shm", "fd", "core"),
        *("stdin", "stdout", "stderr", "console", "mqueue", "hugepages"),
    }
)


def _writable(*paths: str) -> Iterator[str]:
    for path in paths:
        with suppress(OSError):
            os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY))
            yield path


def _fillable(*directories: str) -> Iterator[str]:
    """In which a file could be made: by one without a name, which is gone when it is closed."""
    for path in directories:
        with suppress(OSError):
            os.close(os.open(path, os.O_WRONLY | os.O_TMPFILE))
            yield path


def _readable(*paths: str) -> Iterator[str]:
    for path in paths:
        with suppress(OSError):
            os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY))
            yield path


def _allowed(call: str, *arguments: object) -> Iterator[str]:
    """Where a call fails for its nonsense and not for want of a right, the right is there."""
    ctypes.set_errno(0)
    result = getattr(_LIBC, call)(*arguments)
    if result != -1 or ctypes.get_errno() not in (1, 13, 38):  # EPERM, EACCES, ENOSYS
        yield call


def _sysrq() -> Iterator[str]:
    yield from _writable("/proc/sysrq-trigger")


def _settings() -> Iterator[str]:
    yield from _writable(*(f"/proc/sys/kernel/{one}" for one in _SETTINGS))
    yield from _writable("/proc/sys/fs/binfmt_misc/register", "/proc/sys/vm/drop_caches")


def _hooks() -> Iterator[str]:
    yield from _writable("/sys/kernel/uevent_helper", "/sys/power/state", "/proc/mtrr")
    yield from _writable("/sys/kernel/mm/ksm/run", "/sys/module/kernel/parameters/panic")


def _cgroups() -> Iterator[str]:
    base = "/sys/fs/cgroup"
    for parent in (base, *(f"{base}/{one}" for one in _names(base))):
        yield from _writable(f"{parent}/release_agent", f"{parent}/cgroup.procs")


def _memory() -> Iterator[str]:
    yield from _readable("/proc/kcore", "/dev/mem", "/dev/kmem", "/dev/port", "/proc/vmcore")


def _devices() -> Iterator[str]:
    yield from (f"/dev/{one}" for one in _names("/dev") if one not in _DEVICES)
    path = f"{FACTS['mine'][0]}/node"
    with suppress(OSError):
        os.mknod(path, stat.S_IFBLK | 0o600, os.makedev(7, 0))
        os.unlink(path)
        yield "mknod"


def _roots() -> Iterator[str]:
    """The host's root, wherever it is mounted or held."""
    yield from _same(FACTS["root"][0], [*_mounts(), *_of_processes("root"), *_of_processes("cwd")])


def _of_processes(link: str) -> list[str]:
    return [f"/proc/{one}/{link}" for one in _names("/proc") if one.isdigit()]


def _mounts() -> list[str]:
    with open("/proc/self/mounts", errors="replace") as file:
        return [row.split()[1] for row in file]


def _same(identity: str, paths: Iterable[str]) -> Iterator[str]:
    """Those that are this very thing, whatever they are called."""
    for path in paths:
        with suppress(OSError):
            found = os.stat(path)
            if f"{found.st_dev} {found.st_ino}" == identity:
                yield path


def _mounting() -> Iterator[str]:
    yield from _allowed("syscall", _FSOPEN, b"tmpfs", 1 << 20)


def _user_namespaces() -> Iterator[str]:
    child = os.fork()
    if child == 0:
        os._exit(_LIBC.unshare(_NEW_USER) == 0)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        yield "unshare"


def _status() -> dict[str, str]:
    with open("/proc/self/status") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def _capabilities() -> Iterator[str]:
    for name, value in _status().items():
        if name.startswith("Cap") and int(value, 16):
            yield f"{name}={value}"


def _setuid() -> Iterator[str]:
    if _status().get("NoNewPrivs") != "1":
        yield "a program may gain rights"


def _namespaces() -> Iterator[str]:
    for told in FACTS.get("namespace", ()):
        kind, _, name = told.partition(" ")
        if os.readlink(f"/proc/self/ns/{kind}") == name:
            yield kind


def _shared_memory() -> Iterator[str]:
    if str(os.stat("/dev/shm").st_dev) in FACTS.get("shm", ()):
        yield "/dev/shm"


def _sockets(kind: str) -> Iterator[str]:
    for told in FACTS.get("socket", ()):
        of, _, path = told.partition(" ")
        with suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
            if of == kind:
                probe.connect("\0" + path[1:] if path[0] == "@" else path)
                yield path


def _private() -> Iterator[str]:
    """By its path, or by another where it is mounted. Only the very thing counts: above what may
    be seen there are directories of the same names with nothing else in them."""
    for told in FACTS.get("private", ()):
        device, number, path = told.split(" ", 2)
        yield from _same(f"{device} {number}", [path, *_mounts()])


def _siblings() -> Iterator[str]:
    mine = FACTS["mine"][0]
    parent, name = os.path.split(mine)
    yield from (f"{parent}/{one}" for one in _names(parent) if one != name)


def _hub() -> Iterator[str]:
    for top in FACTS.get("hub", ()):
        yield from _fillable(top, f"{top}/objects", f"{top}/refs", f"{top}/refs/heads")
        yield from _writable(f"{top}/HEAD", f"{top}/config", f"{top}/packed-refs")


def _system() -> Iterator[str]:
    places = ("/", "/usr", "/usr/bin", "/usr/lib", "/etc", "/bin", "/home", "/proc", "/run")
    yield from _fillable(*places, *FACTS.get("program", ()))
    yield from _writable("/etc/passwd", "/etc/hosts", "/etc/resolv.conf", "/etc/ld.so.cache")


def _raw_network() -> Iterator[str]:
    for family, kind in ((socket.AF_INET, socket.SOCK_RAW), (socket.AF_PACKET, socket.SOCK_RAW)):
        with suppress(OSError):
            socket.socket(family, kind, 1).close()
            yield family.name


def _network() -> Iterator[str]:
    """Only where there should be none."""
    if FACTS.get("offline"):
        yield from (name for _, name in socket.if_nameindex() if name != "lo")
        own = os.readlink("/proc/self/ns/net")
        yield from (own for one in FACTS["offline"] if one == own)


def _keys(ring: int, depth: int = 0) -> Iterator[str]:
    number = _KEYCTL.get(os.uname().machine)
    serials = (ctypes.c_int32 * 256)()
    if number is None or depth > 3:
        return
    read = _LIBC.syscall(number, 11, ring, serials, ctypes.sizeof(serials))
    for serial in serials[: max(0, min(read // 4, 256))]:
        text = ctypes.create_string_buffer(4096)
        _LIBC.syscall(number, 6, serial, text, len(text))
        kind, *_, name = [*text.value.decode(errors="replace").split(";"), ""][:-1] or ["", ""]
        if kind == "keyring":
            yield from _keys(serial, depth + 1)
        elif kind and name != "invocation_id":  # systemd's name for a service: no secret
            yield f"{kind} {name}"


def _keyring() -> Iterator[str]:
    yield from _keys(-3)


def _terminal() -> Iterator[str]:
    yield from _writable("/dev/tty")


def _kernel_calls() -> Iterator[str]:
    timex = (ctypes.c_char * 512)()
    ctypes.c_uint.from_buffer(timex, 0).value = _TICK  # of no length
    yield from _allowed("adjtimex", timex)
    yield from _allowed("swapon", b"/nowhere", 0)
    yield from _allowed("sethostname", b"", ctypes.c_size_t(1 << 20))
    yield from _allowed("reboot", 1)


def _descriptors() -> Iterator[str]:
    for one in _names("/proc/self/fd"):
        with suppress(OSError):
            where = os.readlink(f"/proc/self/fd/{one}")
            if int(one) > 2 and not where.startswith("/proc/"):
                yield where


def _names(directory: str) -> list[str]:
    try:
        return os.listdir(directory)
    except OSError:
        return []


WAYS: dict[str, Callable[[], Iterator[str]]] = {
    "sysrq": _sysrq,
    "settings": _settings,
    "hooks": _hooks,
    "cgroups": _cgroups,
    "memory": _memory,
    "devices": _devices,
    "roots": _roots,
    "mounting": _mounting,
    "users": _user_namespaces,
    "capabilities": _capabilities,
    "setuid": _setuid,
    "namespaces": _namespaces,
    "shared-memory": _shared_memory,
    "engines": lambda: _sockets("engine"),
    "agents": lambda: _sockets("agent"),
    "sockets": lambda: _sockets("other"),
    "private": _private,
    "siblings": _siblings,
    "hub": _hub,
    "system": _system,
    "network": lambda: (one for way in (_raw_network, _network) for one in way()),
    "keyring": _keyring,
    "terminal": _terminal,
    "kernel": _kernel_calls,
    "descriptors": _descriptors,
}


def _try(name: str) -> list[str]:
    try:
        return list(WAYS[name]())
    except Exception as error:  # noqa: BLE001 - whatever it is, it does not count as closed
        return [f"could not be tried: {error!r}"]


def _main(told: list[str]) -> None:
    for one in told:
        name, _, value = one.partition("=")
        FACTS.setdefault(name, []).append(value)
    for name in WAYS:
        for found in _try(name):
            sys.stdout.write(f"{name}\t{found!r}\n")
    sys.stdout.write(f"tried\t{len(WAYS)}\n")


if __name__ == "__main__":
    _main(sys.argv[1:])
