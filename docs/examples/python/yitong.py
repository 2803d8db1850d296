"""The API of a Yitong gateway from Python's standard library: mutual TLS, kept alive, errors with their codes."""
import http.client
import json
import os
import random
import ssl
import sys
import time
import urllib.parse


class Refused(Exception):
    """What the gateway answered in place of what was asked: `code` is one of docs/errors.md."""

    def __init__(self, status, problem, retry_after=None):
        self.status = status
        self.problem = problem
        self.code = problem.get("code", "unknown")
        self.request_id = problem.get("requestId")
        # seconds
        self.retry_after = float(retry_after) if retry_after else None
        super().__init__(problem.get("detail") or problem.get("title") or f"the gateway answered {status}")


class Unusable(Exception):
    """What the caller has to mend before anything can be asked; one line."""


class Gateway:
    """One connection; not for several threads at once."""

    def __init__(self, api, credentials, timeout=30):
        """`api`: https://host:port; `credentials`: folder with ca.pem, cert.pem, key.pem; `timeout`: seconds without a byte."""
        context = ssl.create_default_context(cafile=os.path.join(credentials, "ca.pem"))
        context.load_cert_chain(os.path.join(credentials, "cert.pem"), os.path.join(credentials, "key.pem"))
        url = urllib.parse.urlsplit(api)
        if url.scheme != "https" or not url.hostname:
            raise Unusable("API is an address like https://gateway.example:8443")
        self._connection = http.client.HTTPSConnection(url.hostname, url.port or 443, timeout=timeout, context=context)

    def _send(self, method, path, body=None, headers=None):
        payload = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        sent = {} if payload is None else {"content-type": "application/json"}
        try:
            self._connection.request(method, path, payload, {**sent, **(headers or {})})
            response = self._connection.getresponse()
        except (OSError, http.client.HTTPException):
            # the next request opens another
            self._connection.close()
            raise
        if response.status >= 300:
            text = response.read()
            try:
                problem = json.loads(text)
            except ValueError:
                problem = {}
            raise Refused(response.status, problem, response.headers.get("retry-after"))
        return response

    def bytes(self, method, path, body=None, headers=None):
        """The answer as it came: what the digest in the log is over. Raises Refused, OSError."""
        return self._send(method, path, body, headers).read()

    def call(self, method, path, body=None, headers=None):
        """The value of a JSON answer. Raises Refused, OSError."""
        return json.loads(self.bytes(method, path, body, headers))

    def lines(self, path, body):
        """Values of an NDJSON answer as they come. Raises Refused, OSError."""
        for line in self._send("POST", path, body):
            yield json.loads(line)


def again(call, attempts=5, longest=30):
    """Calls again what failed for a time, no sooner than `Retry-After` says. For calls that may be made twice: questions, and publishing."""
    for attempt in range(attempts):
        try:
            return call()
        except (Refused, OSError, http.client.HTTPException) as error:
            asked = getattr(error, "retry_after", None) or 0
            hopeless = isinstance(error, Refused) and error.status not in (429, 503) or isinstance(error, ssl.SSLError)
            if hopeless or attempt + 1 == attempts or asked > longest:
                raise
            time.sleep(max(asked, min(longest, 0.25 * 2**attempt) * random.uniform(0.5, 1)))


def main(work, usage, least):
    """Runs `work(gateway, arguments)`; exit 0 done, 1 refused, 2 no answer, or it could not ask. `least`: how many arguments at least."""
    arguments = sys.argv[1:]
    try:
        if len(arguments) < least:
            raise Unusable(usage)
        api, credentials = os.environ.get("API"), os.environ.get("CREDENTIALS")
        if not api or not credentials:
            raise Unusable(f"set {'CREDENTIALS' if api else 'API'}; see README.md")
        sys.exit(work(Gateway(api, credentials), arguments))
    except Refused as error:
        print(f"refused: {error.code} ({error.status}), request {error.request_id}: {error}", file=sys.stderr)
        for dataset in error.problem.get("datasets", []):
            print(f"  {dataset['id']}: {dataset.get('reason', '')}", file=sys.stderr)
        sys.exit(1)
    except (OSError, http.client.HTTPException) as error:
        print(f"no answer: {error}", file=sys.stderr)
        sys.exit(2)
    except (Unusable, ValueError) as error:
        # an address, a certificate or a line of input that is none
        print(error, file=sys.stderr)
        sys.exit(2)
