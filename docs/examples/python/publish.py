"""python3 publish.py DATASET < records.ndjson, each line {"position","value"}"""
import json
import sys
import urllib.parse
from datetime import datetime, timezone
from itertools import islice

from yitong import again, main


def publish(gateway, arguments):
    dataset = arguments[0]
    rows = (json.loads(line) for line in sys.stdin if line.strip())
    bad = 0
    while records := list(islice(rows, 500)):
        body = {"sourceTime": datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z"), "records": records}
        # positions make it safe to send again
        answer = again(lambda: gateway.call("POST", f"/v1/datasets/{urllib.parse.quote(dataset)}/records", body))
        for result in answer["results"]:
            print(f"{result['position']}: {result['status']} {result.get('code', '')}".rstrip())
            bad += result["status"] == "quarantined"
    # nothing is lost: these rows wait in the quarantine until they are mended
    return 1 if bad else 0


main(publish, "python3 publish.py DATASET < records.ndjson", 1)
