"""python3 documents.py STATE [CODE ...]: verifies what was handed over by its codes, and tells what has changed since the run before; for cron"""
import os
from yitong import again, main


def documents(gateway, arguments):
    state, codes = arguments[0], arguments[1:]
    if codes:
        # up to 1,000 in one request; from here on each is watched for 90 days
        body = {"codes": codes, "watch": "P90D"}
        answer = again(lambda: gateway.call("POST", "/v1/documents/verify", body))
        for number, found in enumerate(answer["results"], 1):
            print(f"{number}: {found['outcome']} {found.get('document', '')}".rstrip())
    # how far was read: all that has to be kept
    after = 0
    if os.path.exists(state):
        with open(state, encoding="ascii") as file:
            after = int(file.read())
    while True:
        told = again(lambda: gateway.call("GET", f"/v1/documents/changes?after={after}&wait=0"))
        for change in told["changes"]:
            print(f"{change['document']} is {change['outcome']}")
        # written beside and renamed: a run that is broken off tells again, and never skips
        with open(state + ".new", "w", encoding="ascii") as file:
            file.write(str(told["after"]))
        os.replace(state + ".new", state)
        if not told["changes"]:
            return 0
        after = told["after"]


main(documents, "python3 documents.py STATE [CODE ...]", 1)
