"""Runs a command in a kernel that lacks something.

usage: deny.py tmpfile|socket|unlink|rmdir COMMAND [ARGUMENT…]

tmpfile: open(2) with O_TMPFILE fails as on a file system that has none.
socket: socket(2) ends the process with SIGSYS.
unlink, rmdir: the first attempt to remove a file, or a directory, does.
"""
import ctypes
import os
import platform
import struct
import sys

numbers = {"x86_64": {"openat": 257, "socket": 41, "unlinkat": 263}, "aarch64": {"openat": 56, "socket": 198, "unlinkat": 35}}
number = numbers[platform.machine()]

LOAD, JUMP_EQUAL, JUMP_SET, RETURN = 0x20, 0x15, 0x45, 0x06
ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
NUMBER, THIRD_ARGUMENT = 0, 32  # offsets in struct seccomp_data
TMPFILE, REMOVEDIR, EOPNOTSUPP = 0x400000, 0x200, 95

filters = {
    "tmpfile": [
        (LOAD, 0, 0, NUMBER),
        (JUMP_EQUAL, 0, 3, number["openat"]),
        (LOAD, 0, 0, THIRD_ARGUMENT),
        (JUMP_SET, 0, 1, TMPFILE),
        (RETURN, 0, 0, ERRNO | EOPNOTSUPP),
        (RETURN, 0, 0, ALLOW),
    ],
    "socket": [
        (LOAD, 0, 0, NUMBER),
        (JUMP_EQUAL, 0, 1, number["socket"]),
        (RETURN, 0, 0, KILL),
        (RETURN, 0, 0, ALLOW),
    ],
    "unlink": [
        (LOAD, 0, 0, NUMBER),
        (JUMP_EQUAL, 0, 3, number["unlinkat"]),
        (LOAD, 0, 0, THIRD_ARGUMENT),
        (JUMP_SET, 1, 0, REMOVEDIR),
        (RETURN, 0, 0, KILL),
        (RETURN, 0, 0, ALLOW),
    ],
    "rmdir": [
        (LOAD, 0, 0, NUMBER),
        (JUMP_EQUAL, 0, 3, number["unlinkat"]),
        (LOAD, 0, 0, THIRD_ARGUMENT),
        (JUMP_SET, 0, 1, REMOVEDIR),
        (RETURN, 0, 0, KILL),
        (RETURN, 0, 0, ALLOW),
    ],
}

program = b"".join(struct.pack("HBBI", *instruction) for instruction in filters[sys.argv[1]])
instructions = ctypes.create_string_buffer(program)
header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(instructions))
libc = ctypes.CDLL(None, use_errno=True)
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
for arguments in ((PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, header, 0, 0)):
    if libc.prctl(*arguments) != 0:
        sys.exit(f"deny.py: {os.strerror(ctypes.get_errno())}")
os.execvp(sys.argv[2], sys.argv[2:])
