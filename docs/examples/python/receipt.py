"""
LOG_VKEY='name+id+key' python3 receipt.py answer.json

Waits until the entry of a saved answer is in the log, then verifies three things with nothing but the log's key: the checkpoint is signed by it, the
entry stands under that checkpoint, and the entry's digest is that of the answer. Formats: C2SP signed-note, tlog-checkpoint, tlog-proof.
"""
import base64
import hashlib
import json
import os
import sys
import time

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:
    print("the package `cryptography` is not installed: pip install cryptography", file=sys.stderr)
    sys.exit(2)

from yitong import Unusable, main


class Invalid(Exception):
    pass


def sha256(data):
    return hashlib.sha256(data).digest()


def opened(note, vkey):
    """The text of a signed note, if the key signed it."""
    name, key_id, key = vkey.strip().split("+", 2)
    raw = base64.b64decode(key, validate=True)
    if raw[0] != 1 or sha256(f"{name}\n".encode() + raw)[:4].hex() != key_id:
        raise Invalid("the vkey is not one of a log")
    text, _, signatures = note.rpartition("\n\n")
    for line in signatures.splitlines():
        dash, signer, signature = line.split(" ")
        signed = base64.b64decode(signature, validate=True)
        if dash == "—" and signer == name and signed[:4].hex() == key_id:
            Ed25519PublicKey.from_public_bytes(raw[1:]).verify(signed[4:], f"{text}\n".encode())
            return name, f"{text}\n"
    raise Invalid("the checkpoint is not signed by this key")


def root_of(index, size, leaf, path):
    """RFC 9162, section 2.1.3.2."""
    if index >= size:
        raise Invalid("the entry is outside the tree")
    at, last, node = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise Invalid("the path is too long")
        if at % 2 == 1 or at == last:
            node = sha256(b"\x01" + sibling + node)
            while at % 2 == 0 and at != 0:
                at, last = at >> 1, last >> 1
        else:
            node = sha256(b"\x01" + node + sibling)
        at, last = at >> 1, last >> 1
    if last != 0:
        raise Invalid("the path is too short")
    return node


def verified(answer, logged, vkey):
    """The entry, as a value. Raises Invalid, InvalidSignature."""
    body = logged["body"].encode()
    entry = sha256(base64.b64decode(logged["salt"], validate=True) + body)
    head, _, checkpoint = logged["proof"].partition("\n\n")
    kind, index, *path = head.split("\n")
    if kind != "c2sp.org/tlog-proof@v1":
        raise Invalid("no proof")
    origin, text = opened(checkpoint, vkey)
    log, size, root = text.split("\n")[:3]
    if log != origin:
        raise Invalid("the checkpoint is of another log")
    leaf = sha256(b"\x00" + entry)
    found = root_of(int(index.removeprefix("index ")), int(size), leaf, [base64.b64decode(one, validate=True) for one in path])
    if found != base64.b64decode(root, validate=True):
        raise Invalid("the path does not lead to the checkpoint's root")
    receipt = json.loads(answer)["receipt"]
    if base64.b64decode(receipt["leaf"]) != leaf:
        raise Invalid("the receipt is of another entry")
    # the receipt is the last member, and not part of the digest
    digest = sha256(answer[: answer.rindex(b',"receipt":')] + b"}")
    if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != json.loads(body)["bodySha256"]:
        raise Invalid("the digest in the entry is not that of the answer")
    return json.loads(body)


def receipt(gateway, arguments):
    if "LOG_VKEY" not in os.environ:
        raise Unusable("set LOG_VKEY; see README.md")
    try:
        with open(arguments[0], "rb") as file:
            answer = file.read()
        promised = json.loads(answer)["receipt"]
    except (OSError, ValueError, KeyError, TypeError):
        raise Unusable(f"no answer with a receipt in {arguments[0]}")
    name = f"{promised['journal']}:{promised['seq']}"
    while (logged := gateway.call("GET", f"/v1/receipts/{name}"))["state"] == "not_yet":
        time.sleep(0.5)
    try:
        entry = verified(answer, logged, os.environ["LOG_VKEY"])
    except (Invalid, InvalidSignature, ValueError) as fault:
        print(f"does not verify: {fault}", file=sys.stderr)
        return 1
    print(f"verified: entry {logged['index']}, {entry['client']} for {entry['purpose']}")


main(receipt, "LOG_VKEY='name+id+key' python3 receipt.py answer.json", 1)
