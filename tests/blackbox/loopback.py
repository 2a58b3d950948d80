"""The loopback of a network namespace of one's own, which is down at first."""
import fcntl
import socket
import struct


def bring_up():
    get_flags, set_flags, up = 0x8913, 0x8914, 1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        flags = fcntl.ioctl(any_socket, get_flags, struct.pack("16sh22x", b"lo", 0))
        _, value = struct.unpack("16sh22x", flags)
        if not value & up:
            fcntl.ioctl(any_socket, set_flags, struct.pack("16sh22x", b"lo", value | up))
