"""A web server that misbehaves as it is told to, for fetch.sh.

usage: fetch-server.py DIRECTORY

DIRECTORY holds content (what it serves), and NAME.pem with key and certificate for the listeners tls, unknown and
elsewhere. All listen on 127.0.0.1; the ports are written into DIRECTORY/ports as NAME=PORT lines, every request
becomes a line of DIRECTORY/log. It ends when its standard input does.

Any path is the content. The query says what is special about it, for the requests with the same path:

size=N          the first N bytes, repeated when there are fewer
cut=N           the connection ends after N bytes of a body; only for the first `cuts` requests (1)
status=N        this status for the first `times` requests (for ever); with retry-after=S, type=T, body=TEXT
to=URL          a redirect to URL
forever=1       a redirect to itself
etag=weak|none|changes      (a strong one)
ranges=ignored|none|wrong|short|lying   how Range is honoured (as it should be)
body=chunked|closed         how the end is told (Content-Length)
endless=body|error|header|line|interim|extension
drip=1          a byte now and then
mute=1          no answer at all
"""
import os
import socket
import ssl
import sys
import threading
import urllib.parse

sys.dont_write_bytecode = True
import loopback

directory = sys.argv[1]
with open(os.path.join(directory, "content"), "rb") as file:
    content = file.read()
log = open(os.path.join(directory, "log"), "a", buffering=1)
lock = threading.Lock()
counts = {}


class Request:
    def __init__(self, connection, listener):
        head = b""
        while b"\r\n\r\n" not in head:
            more = connection.recv(65536)
            if not more:
                raise EOFError
            head += more
        lines = head.decode("latin-1").split("\r\n")
        self.method, self.target, _ = lines[0].split(" ", 2)
        self.headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            self.headers[name.lower()] = value.strip()
        url = urllib.parse.urlsplit(self.target)
        self.query = dict(urllib.parse.parse_qsl(url.query, encoding="latin-1"))
        with lock:
            self.number = counts[url.path] = counts.get(url.path, 0) + 1
            log.write(
                f"{listener} {self.method} {url.path} number={self.number} range={self.headers.get('range', '-')} "
                f"if-range={self.headers.get('if-range', '-')} accept={self.headers.get('accept', '-')} "
                f"authorization={self.headers.get('authorization', '-')}\n"
            )


def body_bytes(size):
    if size <= len(content):
        return memoryview(content)[:size]
    return memoryview(content * (size // len(content) + 1))[:size]


def send_for_ever(connection, first, again):
    connection.sendall(first)
    while True:
        connection.sendall(again)


def send_endless(connection, kind):
    ok = b"HTTP/1.1 200 OK\r\n"
    block = bytes(65536)
    if kind == "body":
        send_for_ever(connection, ok + b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + block + b"\r\n")
    elif kind == "error":
        send_for_ever(connection, b"HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\n\r\n", b"sorry " * 10000)
    elif kind == "header":
        send_for_ever(connection, ok, b"X-Padding: " + b"x" * 1000 + b"\r\n")
    elif kind == "line":
        send_for_ever(connection, ok + b"X-Padding: ", b"x" * 65536)
    elif kind == "interim":
        send_for_ever(connection, b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
    elif kind == "extension":
        send_for_ever(connection, ok + b"Transfer-Encoding: chunked\r\n\r\n5;", b"x" * 65536)


def drip(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        connection.sendall(b"x")
        if threading.Event().wait(0.05):
            return


def answer_status(connection, query):
    body = query.get("body", "").encode("latin-1")
    head = f"HTTP/1.1 {query['status']} Because\r\nContent-Length: {len(body)}\r\n"
    head += f"Content-Type: {query.get('type', 'text/plain')}\r\n"
    if "retry-after" in query:
        head += f"Retry-After: {query['retry-after']}\r\n"
    connection.sendall(head.encode() + b"\r\n" + body)


def etag_of(request):
    kind = request.query.get("etag", "strong")
    if kind == "none":
        return None
    return {"weak": 'W/"one"', "changes": f'"{request.number}"'}.get(kind, '"one"')


def wanted_range(request, size):
    """First and last byte, the last is None for a range behind the end; or None for everything."""
    header = request.headers.get("range")
    kind = request.query.get("ranges", "")
    if not header or kind == "ignored":
        return None
    if request.headers.get("if-range", etag_of(request)) != etag_of(request) and kind != "lying":
        return None
    first = int(header.removeprefix("bytes=").split("-")[0])
    if kind == "wrong":
        first -= 7
    if first >= size:
        return first, None
    last = size - 1
    if kind == "short":
        last = min(last, first + 99999)
    return first, last


def answer_content(connection, request):
    query = request.query
    size = int(query.get("size", len(content)))
    body = body_bytes(size)
    etag = etag_of(request)
    chosen = wanted_range(request, size)
    if chosen and chosen[1] is None:
        connection.sendall(b"HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\n\r\n")
        return True
    ending = query.get("body", "length")
    head = "HTTP/1.1 " + ("206 Partial Content" if chosen else "200 OK") + "\r\n"
    if chosen:
        body = body[chosen[0] : chosen[1] + 1]
        head += f"Content-Range: bytes {chosen[0]}-{chosen[1]}/{size}\r\n"
    if etag:
        head += f"ETag: {etag}\r\n"
    head += "Accept-Ranges: " + ("none" if query.get("ranges") == "none" else "bytes") + "\r\n"
    if ending == "length":
        head += f"Content-Length: {len(body)}\r\n"
    if ending == "chunked":
        head += "Transfer-Encoding: chunked\r\n"
    cut = int(query.get("cut", -1)) if request.number <= int(query.get("cuts", 1)) else -1
    connection.sendall(head.encode() + b"\r\n")
    if ending == "chunked":
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), bytes(body)) if len(body) else b"0\r\n\r\n"
    if cut >= 0:
        connection.sendall(body[:cut])
        return False
    connection.sendall(body)
    return True


def answer(connection, request):
    """Whether the connection ends as it should."""
    query = request.query
    if "mute" in query:
        connection.recv(1)
    elif "drip" in query:
        drip(connection)
    elif "endless" in query:
        send_endless(connection, query["endless"])
    elif "to" in query or "forever" in query:
        place = query.get("to", request.target)
        connection.sendall(f"HTTP/1.1 302 Found\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n".encode())
    elif "status" in query and request.number <= int(query.get("times", 1000000)):
        answer_status(connection, query)
    else:
        return answer_content(connection, request)
    return True


def tunnel(connection, request):
    host, port = request.target.rsplit(":", 1)
    with socket.create_connection((host, int(port))) as server:
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")

        def copy(source, target):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

        other = threading.Thread(target=copy, args=(connection, server), daemon=True)
        other.start()
        copy(server, connection)
        other.join()


def serve(connection, name):
    try:
        if name == "deaf":
            connection.recv(1000000)
            connection.recv(1)
            return
        if name == "slam":
            connection.recv(1000000)
            return
        if name not in ("plain", "proxy"):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(os.path.join(directory, name + ".pem"))
            connection = context.wrap_socket(connection, server_side=True)
        request = Request(connection, name)
        if request.method == "CONNECT":
            tunnel(connection, request)
        elif answer(connection, request) and isinstance(connection, ssl.SSLSocket):
            connection.unwrap()
    except (OSError, EOFError, ValueError):
        pass
    finally:
        connection.close()


def listen(name):
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)

    def accept():
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=serve, args=(connection, name), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]


loopback.bring_up()
with open(os.path.join(directory, "ports.new"), "w") as file:
    for name in ("tls", "unknown", "elsewhere", "plain", "proxy", "deaf", "slam"):
        file.write(f"{name}={listen(name)}\n")
os.rename(os.path.join(directory, "ports.new"), os.path.join(directory, "ports"))
sys.stdin.buffer.read()
os._exit(0)
