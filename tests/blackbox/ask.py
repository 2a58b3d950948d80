"""What somebody on the host gets to hear: ask.py tcp|udp ADDRESS PORT [SECONDS] prints the answer; 1 when there is none."""
import socket
import sys

kind, address, port = sys.argv[1:4]
limit = float(sys.argv[4]) if len(sys.argv) > 4 else 5
family = socket.AF_INET6 if ":" in address else socket.AF_INET
try:
    with socket.socket(family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM) as asking:
        asking.settimeout(limit)
        asking.connect((address, int(port)))
        if kind == "udp":
            asking.send(b"?")
        answer = asking.recv(1000).decode()
        print(answer, end="")
        sys.exit(0 if answer else 1)
except OSError as problem:
    sys.exit(f"{address} {port}: {problem}")
