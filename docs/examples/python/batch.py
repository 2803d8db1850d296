"""python3 batch.py PURPOSE DATASET < subjects.txt"""
import sys

from yitong import main


def batch(gateway, arguments):
    purpose, dataset = arguments[:2]
    subjects = [line.strip() for line in sys.stdin if line.strip()]
    whole = False
    for line in gateway.lines("/v1/query/batch", {"purpose": purpose, "subjects": subjects, "datasets": [{"id": dataset}]}):
        if "subject" in line:
            [answer] = line["datasets"]
            print(f"{line['subject']}: {answer['status']}, {len(answer['records'])} records")
        elif "problem" in line:
            print(f"ended early: {line['problem']['code']}", file=sys.stderr)
            return 1
        elif "summary" in line:
            whole = True
    if not whole:
        print("cut off: ask again for what is missing", file=sys.stderr)
        return 2


main(batch, "python3 batch.py PURPOSE DATASET < subjects.txt", 2)
