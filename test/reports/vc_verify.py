"""Verifies a presentation with the reference implementation of SD-JWT in Python, which shares no code with ours.

Argument: JSON {keys, issuer, audience, nonce}, where keys are those of the issuer's metadata. The presentation comes on standard input.
Prints the verified payload as JSON; exit 1 with the reason where it does not verify.
"""
import json
import sys

from jwcrypto.jwk import JWK
from sd_jwt.verifier import SDJWTVerifier

given = json.loads(sys.argv[1])


def issuer_key(issuer, header):
    if issuer != given["issuer"]:
        raise ValueError("another issuer")
    return JWK(**next(key for key in given["keys"] if key["kid"] == header["kid"]))


try:
    verifier = SDJWTVerifier(sys.stdin.read(), issuer_key, given["audience"], given["nonce"])
    json.dump(verifier.get_verified_payload(), sys.stdout, ensure_ascii=False)
except Exception as error:
    sys.exit(f"{type(error).__name__}: {error}")
