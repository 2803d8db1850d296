"""A receiver of changes, with nothing of ours: Python's own HTTPS server and the package cryptography.

Argument: JSON {port, cert, key, out, publicKey}. Each delivery is verified as Standard Webhooks says (`v1a`); what is
genuine is on disk in `out`, a line a change, before it is answered; what is not is answered 401 and told on stdout.
"""
import base64
import http.server
import json
import os
import ssl
import sys
import time

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

given = json.loads(sys.argv[1])
key = Ed25519PublicKey.from_public_bytes(base64.b64decode(given["publicKey"].removeprefix("whpk_")))


def genuine(headers, body):
    name, at = headers["webhook-id"], headers["webhook-timestamp"]
    if abs(time.time() - int(at)) > 300:
        return False
    signed = b"%s.%s.%s" % (name.encode(), at.encode(), body)
    for one in headers["webhook-signature"].split(" "):
        version, _, signature = one.partition(",")
        try:
            if version == "v1a":
                key.verify(base64.b64decode(signature), signed)
                # a signature over anything else must not pass
                try:
                    key.verify(base64.b64decode(signature), signed + b" ")
                except InvalidSignature:
                    return True
        except InvalidSignature:
            continue
    return False


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        ok = genuine(self.headers, body)
        if ok:
            with open(given["out"], "ab") as out:
                for line in body.splitlines():
                    out.write(json.dumps({"at": time.time() * 1000, **json.loads(line)}).encode() + b"\n")
                out.flush()
                os.fsync(out.fileno())
        else:
            print("refused", flush=True)
        self.send_response(204 if ok else 401)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", given["port"]), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(given["cert"], given["key"])
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
print("ready", flush=True)
server.serve_forever()
