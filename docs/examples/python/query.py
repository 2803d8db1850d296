"""python3 query.py SUBJECT PURPOSE DATASET… [> answer.json]"""
import json
import sys

from yitong import again, main


def query(gateway, arguments):
    subject, purpose, *datasets = arguments
    body = {"purpose": purpose, "subject": subject, "datasets": [{"id": dataset} for dataset in datasets]}
    text = again(lambda: gateway.bytes("POST", "/v1/query", body))
    answer = json.loads(text)
    for dataset in answer["datasets"]:
        print(f"{dataset['id']}: {dataset['status']} {dataset.get('reason', '')}".rstrip(), file=sys.stderr)
        # "none on record" is only said of a current dataset
        if not dataset["records"] and dataset["status"] == "current":
            print("  none on record", file=sys.stderr)
        for withheld in dataset["withheld"]:
            print(f"  {withheld['field']} is withheld: {withheld['reason']}", file=sys.stderr)
    # byte for byte as it came, so that its receipt can be verified
    sys.stdout.buffer.write(text)


main(query, "python3 query.py SUBJECT PURPOSE DATASET… [> answer.json]", 3)
