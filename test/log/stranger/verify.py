"""
A verifier by a stranger: written from docs/log.md, section "Writing a verifier", and from nothing else of Yitong.

    python3 verify.py LOG_VKEY REPLICA_VKEY REQUIRED [WITNESS_VKEY …]

reads cases from standard input, one JSON a line: {"answer": base64 of its bytes, "logged": what GET /v1/receipts/{id} answered (optional)}; and
answers each on a line of its own: {"ok": true, "index", "size", "witnesses"} or {"ok": false, "fault"}.
"""
import base64
import hashlib
import json
import re
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class Invalid(Exception):
    pass


def want(holds, fault):
    if not holds:
        raise Invalid(fault)


def H(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def text(value, fault):
    want(isinstance(value, str), fault)
    return value


def number(value, least, fault):
    want(isinstance(value, int) and not isinstance(value, bool) and value >= least, fault)
    return value


def decimal(written, fault):
    want(re.fullmatch(r"0|[1-9][0-9]*", written) is not None, fault)
    return int(written)


def b64(written, length, fault):
    want(isinstance(written, str), fault)
    try:
        raw = base64.b64decode(written, validate=True)
    except ValueError:
        raise Invalid(fault)
    # the same bytes from another text are refused
    want(base64.b64encode(raw).decode() == written and (length is None or len(raw) == length), fault)
    return raw


def b64url(written, fault):
    want(isinstance(written, str), fault)
    raw = base64.urlsafe_b64decode(written + "=" * (-len(written) % 4)) if re.fullmatch(r"[A-Za-z0-9_-]{43}", written) else b""
    want(len(raw) == 32 and base64.urlsafe_b64encode(raw).rstrip(b"=").decode() == written, fault)
    return raw


class Key:
    def __init__(self, vkey, kind):
        parts = vkey.strip().split("+", 2)
        want(len(parts) == 3, "a vkey is <name>+<id>+<key>")
        self.name, hexadecimal, written = parts
        raw = b64(written, 33, "the key of a vkey")
        want(raw[0] == kind, "the vkey is of another type")
        self.id = H(self.name.encode(), b"\n", raw)[:4]
        want(self.id.hex() == hexadecimal, "the id of the vkey does not fit its key")
        self.key = Ed25519PublicKey.from_public_bytes(raw[1:])

    def verify(self, signature, signed, fault):
        try:
            self.key.verify(signature, signed)
        except InvalidSignature:
            raise Invalid(fault)


def root_of(index, size, leaf, path):
    want(0 <= index < size, "the index is outside the tree")
    at, last, node = index, size - 1, leaf
    for sibling in path:
        want(last != 0, "the path is too long")
        if at % 2 == 1 or at == last:
            node = H(b"\x01", sibling, node)
            while at % 2 == 0 and at != 0:
                at, last = at // 2, last // 2
        else:
            node = H(b"\x01", node, sibling)
        at, last = at // 2, last // 2
    want(last == 0, "the path is too short")
    return node


def promise_of(answer, replica):
    """Steps 1 to 3 of "The promise"; the promised leaf hash, and the promise."""
    cut = answer.rfind(b',"receipt":')
    want(cut >= 0, "the answer has no receipt")
    try:
        promise = json.loads(answer)["receipt"]
    except (ValueError, KeyError, TypeError):
        raise Invalid("the answer is no JSON with a receipt")
    want(isinstance(promise, dict), "the receipt is no object")
    version = promise.get("version", 1)
    want(version in (1, 2) and not isinstance(version, bool), "a version that is not known")
    leaf = b64(promise.get("leaf"), 32, "the leaf")
    root = b64(promise.get("root"), 32, "the root")
    path = promise.get("path")
    want(isinstance(path, list), "the path")
    path = [b64(one, 32, "a hash of the path") for one in path]
    first = number(promise.get("first"), 1, "the first")
    count = number(promise.get("count"), 1, "the count")
    seq = number(promise.get("seq"), 1, "the seq")
    merge_by = text(promise.get("mergeBy"), "the time")
    want(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", merge_by) is not None, "the time")
    journal = text(promise.get("journal"), "the journal")
    want(promise.get("algorithm") == "ed25519", "the algorithm")
    lines = [f"yitong-journal-group/v{version} ed25519 sha256", journal, f"{first} {count}", promise["root"]]
    if version == 2:
        digest = b64url(promise.get("bodySha256"), "the digest")
        want(H(answer[:cut] + b"}") == digest, "the promise is of another answer")
        start, goal = H(b"\x00", leaf, digest), b64(promise.get("answers"), 32, "the root of answers")
        lines.append(promise["answers"])
    else:
        want("bodySha256" not in promise and "answers" not in promise, "members of another version")
        start, goal = leaf, root
    want(root_of(seq - first, count, start, path) == goal, "the path does not lead to the root")
    signature = b64(promise.get("signature"), 68, "the signature")
    want(promise.get("key") == replica.name and signature[:4] == replica.id, "another key signed the promise")
    replica.verify(signature[4:], "".join(f"{line}\n" for line in [*lines, merge_by]).encode(), "the signature is not over the promise")
    return leaf, promise


def checkpoint_of(note, log, witnesses, required):
    """Size, root, and the names of the witnesses that cosigned."""
    head, gap, tail = note.partition("\n\n")
    want(gap != "" and tail.endswith("\n"), "the checkpoint is no signed note")
    signed = f"{head}\n"
    lines = head.split("\n")
    want(len(lines) >= 3 and lines[0] == log.name, "the checkpoint is of another log")
    size, root = decimal(lines[1], "the size"), b64(lines[2], 32, "the root of the checkpoint")
    by_log, cosigned = False, set()
    for line in tail[:-1].split("\n"):
        parts = line.split(" ")
        want(len(parts) == 3 and parts[0] == "\u2014", "a line that is no signature")
        raw = b64(parts[2], None, "a signature")
        if parts[1] == log.name and raw[:4] == log.id:
            want(len(raw) == 68, "the log's signature")
            log.verify(raw[4:], signed.encode(), "the log's signature is not over the checkpoint")
            by_log = True
        for witness in witnesses:
            if parts[1] == witness.name and raw[:4] == witness.id:
                want(len(raw) == 76, "a cosignature")
                moment = int.from_bytes(raw[4:12], "big")
                witness.verify(raw[12:], f"cosignature/v1\ntime {moment}\n{signed}".encode(), "a cosignature is not over the checkpoint")
                cosigned.add(witness.name)
    want(by_log, "the log did not sign the checkpoint")
    want(len(cosigned) >= required, "too few witnesses cosigned")
    return size, root, sorted(cosigned)


def receipt_of(logged, leaf, promise, log, witnesses, required):
    want(isinstance(logged, dict) and logged.get("state") == "logged", "the entry is not in the log")
    want(logged.get("id") == f"{promise['journal']}:{promise['seq']}", "the receipt is of another promise")
    body = text(logged.get("body"), "the body")
    commitment = H(b64(logged.get("salt"), 32, "the salt"), body.encode())
    want(H(b"\x00", commitment) == leaf, "the entry is not the one that was promised")
    head, gap, note = text(logged.get("proof"), "the proof").partition("\n\n")
    lines = head.split("\n")
    want(gap != "" and len(lines) >= 2 and lines[0] == "c2sp.org/tlog-proof@v1", "no proof")
    want(lines[1].startswith("index "), "no index")
    index = decimal(lines[1][6:], "the index")
    want(logged.get("index") == index, "the index is another than the proof's")
    size, root, cosigned = checkpoint_of(note, log, witnesses, required)
    want(root_of(index, size, leaf, [b64(one, 32, "a hash of the proof") for one in lines[2:]]) == root, "the proof does not lead to the checkpoint")
    if promise.get("version") == 2:
        want(json.loads(body).get("bodySha256") == promise["bodySha256"], "the entry has another digest than the promise")
    return {"index": index, "size": size, "witnesses": cosigned}


def main():
    log, replica = Key(sys.argv[1], 1), Key(sys.argv[2], 1)
    required, witnesses = int(sys.argv[3]), [Key(vkey, 4) for vkey in sys.argv[4:]]
    for line in sys.stdin:
        case = json.loads(line)
        try:
            leaf, promise = promise_of(base64.b64decode(case["answer"]), replica)
            found = receipt_of(case["logged"], leaf, promise, log, witnesses, required) if "logged" in case else {}
            print(json.dumps({"ok": True, **found}), flush=True)
        except Invalid as fault:
            print(json.dumps({"ok": False, "fault": str(fault)}), flush=True)


main()
