"""A registry that misbehaves as its repositories are called, and a server of tokens, for pull.sh.

usage: registry-server.py DIRECTORY

DIRECTORY/layout is the OCI image layout that it serves, DIRECTORY/tls.pem key and certificate of all listeners but
plain, DIRECTORY/user the "name:password" that is let in. The ports are written into DIRECTORY/ports as NAME=PORT lines,
some free ones among them; every request becomes a line of DIRECTORY/log. It ends when its standard input does.

Every tag of a repository is the image of that name in the layout. The first part of the repository says what is special:

ok             nothing
private        a token is needed, and for that the password
public         a token is needed, which everybody gets
greedy         the same, and it would hand out a token for more than pulling
expiring       the same, but a token is good for two requests
basic          the password is needed
loop basicloop nobody is ever let in
plaintoken     the token server is asked over http
echo           403, with all that was sent
swapped        the manifest is another one than its header says
other          what has this digest is another manifest
shortblob longblob wrongblob endless     what blobs are
cut            the first answers with a blob end in the middle
huge           a manifest of 5 MiB
html           a page in the place of the manifest
mixed confused schema1                   what manifests are
down           blobs are at http://
away           blobs are at another host
busy           429, twice
mute           blobs never come
"""
import base64
import hashlib
import http.server
import json
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.parse

sys.dont_write_bytecode = True
import loopback

directory = sys.argv[1]
layout = os.path.join(directory, "layout")
INDEX = "application/vnd.oci.image.index.v1+json"
lock = threading.Lock()
log = open(os.path.join(directory, "log"), "a", buffering=1)
counts = {}
tokens = {}
ports = {}
with open(os.path.join(directory, "user")) as file:
    basic = "Basic " + base64.b64encode(file.read().strip().encode()).decode()


def count(what):
    with lock:
        counts[what] = counts.get(what, 0) + 1
        return counts[what]


def blob(digest):
    path = os.path.join(layout, "blobs", "sha256", digest.removeprefix("sha256:"))
    if not os.path.exists(path):
        return None
    with open(path, "rb") as file:
        return file.read()


def find(name):
    if name.startswith("sha256:"):
        return blob(name)
    with open(os.path.join(layout, "index.json")) as file:
        for manifest in json.load(file)["manifests"]:
            if manifest.get("annotations", {}).get("org.opencontainers.image.ref.name") == name:
                return blob(manifest["digest"])
    return None


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed_token(service, scope):
    """What docker-registry takes: a JWT signed by the key of tls.pem, with the certificate in it."""
    kind, name, actions = scope.split(":")
    with open(os.path.join(directory, "jwt.crt")) as file:
        certificate = "".join(file.read().split("-----")[2].split())
    now = int(time.time())
    head = {"typ": "JWT", "alg": "RS256", "x5c": [certificate]}
    claims = {"iss": "tokens", "sub": "me", "aud": service, "exp": now + 300, "nbf": now - 10, "iat": now, "jti": str(now)}
    claims["access"] = [{"type": kind, "name": name, "actions": actions.split(",")}]
    text = base64url(json.dumps(head).encode()) + "." + base64url(json.dumps(claims).encode())
    sign = ["openssl", "dgst", "-sha256", "-sign", os.path.join(directory, "jwt.key")]
    return text + "." + base64url(subprocess.run(sign, input=text.encode(), stdout=subprocess.PIPE, check=True).stdout)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def send(self, status, body=b"", kind="application/octet-stream", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def error(self, status, code, **headers):
        text = {"errors": [{"code": code, "message": "as the test wants it"}]}
        self.send(status, json.dumps(text).encode(), "application/json", **headers)

    def do_GET(self):
        try:
            self.answer()
        except OSError:
            self.close_connection = True

    def answer(self):
        given = self.headers.get("Authorization", "-")
        with lock:
            log.write(
                f"{self.server.name} {self.path} range={self.headers.get('Range', '-')} authorization={given}\n"
            )
        url = urllib.parse.urlsplit(self.path)
        parts = url.path.strip("/").split("/")
        if url.path in ("/token", "/jwt"):
            self.give_token(url, given)
        elif parts[0] == "stored":
            self.send(200, blob(parts[1]))
        elif len(parts) < 4 or parts[0] != "v2":
            self.send(200, b"{}", "application/json")
        elif self.is_let_in(parts[1], given):
            self.give(parts[1], parts[-2], parts[-1])

    # ---- who asks ----

    def give_token(self, url, given):
        query = dict(urllib.parse.parse_qsl(url.query))
        if given != basic and query["service"] not in ("public", "greedy", "loop", "expiring"):
            self.error(401, "UNAUTHORIZED", WWW_Authenticate='Basic realm="tokens"')
        elif url.path == "/jwt":
            self.send(200, json.dumps({"token": signed_token(query["service"], query["scope"])}).encode())
        else:
            token = hashlib.sha256(str(count("tokens")).encode()).hexdigest()
            with lock:
                tokens[token] = query["service"]
            self.send(200, json.dumps({"access_token": token, "expires_in": 60}).encode(), "application/json")

    def is_let_in(self, how, given):
        scheme = "http" if how == "plaintoken" else "https"
        port = ports["plain" if how == "plaintoken" else "tls"]
        realm = f"{scheme}://127.0.0.1:{port}/token"
        bearer = f'Bearer realm="{realm}",service="{how}",scope="repository:{how}/x:pull{",push" if how == "greedy" else ""}"'
        if how in ("basic", "basicloop"):
            good = given == basic and how == "basic"
            bearer = 'Basic realm="here"'
        elif how in ("private", "public", "greedy", "expiring", "loop", "plaintoken", "away"):
            token = given.removeprefix("Bearer ")
            good = given.startswith("Bearer ") and tokens.get(token) == how and how != "loop"
            if good and how == "expiring":
                good = count(token) <= 2
        else:
            good = True
        if not good:
            self.error(401, "UNAUTHORIZED", WWW_Authenticate=bearer)
        return good

    # ---- what there is ----

    def give(self, how, kind, name):
        if how == "echo":
            text = str(self.headers).encode()
            self.send_response(403, " ".join(str(self.headers).split()))
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)
        elif how == "busy" and count(self.path) <= 2:
            self.error(429, "TOOMANYREQUESTS", Retry_After="0")
        elif kind == "manifests":
            self.give_manifest(how, name)
        else:
            self.give_blob(how, name)

    def give_manifest(self, how, name):
        body = find(name)
        if body is None:
            self.error(404, "MANIFEST_UNKNOWN")
            return
        digest = "sha256:" + hashlib.sha256(body).hexdigest()
        kind = json.loads(body).get("mediaType")
        if how in ("swapped", "other"):
            body += b"\n"
        elif how == "huge":
            body += b" " * (5 << 20)
        elif how == "html":
            body, kind = b"<html>welcome</html>", "text/html; charset=utf-8"
        elif how == "mixed":
            body = json.dumps({**json.loads(body), "manifests": []}).encode()
        elif how == "confused":
            kind = INDEX
        elif how == "schema1":
            kind = "application/vnd.docker.distribution.manifest.v1+prettyjws"
        headers = {"Docker_Content_Digest": digest} if how == "swapped" else {}
        self.send(200, body, kind, **headers)

    def give_blob(self, how, name):
        body = blob(name)
        if body is None:
            self.error(404, "BLOB_UNKNOWN")
        elif how == "down":
            self.send(307, Location=f"http://127.0.0.1:{ports['plain']}/stored/{name}")
        elif how == "away":
            self.send(307, Location=f"https://127.0.0.1:{ports['other']}/stored/{name}")
        elif how == "endless":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            while True:
                self.wfile.write(b"10000\r\n" + bytes(65536) + b"\r\n")
        elif how == "mute":
            self.connection.recv(1)
        elif how == "cut":
            self.give_part(body, name)
        else:
            change = {"shortblob": body[:-1], "longblob": body + b"x", "wrongblob": body[:-1] + bytes([body[-1] ^ 1])}
            self.send(200, change.get(how, body))

    def give_part(self, body, name):
        first = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").split("-")[0])
        part = body[first:]
        self.send_response(206 if first else 200)
        if first:
            self.send_header("Content-Range", f"bytes {first}-{len(body) - 1}/{len(body)}")
        self.send_header("ETag", f'"{name}"')
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        if count(name) == 1:
            part = part[: len(part) // 2]
            self.close_connection = True
        self.wfile.write(part)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    name = ""

    def handle_error(self, request, client_address):
        pass

    def finish_request(self, request, client_address):
        # In the thread of the connection: a client that dislikes us must not keep others waiting.
        if self.name != "plain":
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(os.path.join(directory, "tls.pem"))
            request = context.wrap_socket(request, server_side=True)
        super().finish_request(request, client_address)


def listen(name):
    server = Server(("127.0.0.1", 0), Handler)
    server.name = name
    ports[name] = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()


loopback.bring_up()
for name in ("tls", "other", "plain"):
    listen(name)
free = [socket.create_server(("127.0.0.1", 0)) for _ in range(4)]
for number, listener in enumerate(free):
    ports[f"free{number}"] = listener.getsockname()[1]
    listener.close()
with open(os.path.join(directory, "ports.new"), "w") as file:
    file.writelines(f"{name}={port}\n" for name, port in ports.items())
os.rename(os.path.join(directory, "ports.new"), os.path.join(directory, "ports"))
sys.stdin.buffer.read()
os._exit(0)
