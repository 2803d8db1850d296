"""python3 verify.py SUBJECT PURPOSE DATASET FIELD VALUE"""
from yitong import main


def verify(gateway, arguments):
    subject, purpose, dataset, field, value = arguments[:5]
    # not again by itself: a claim counts as a guess, whether or not its answer arrives
    answer = gateway.call("POST", "/v1/verify", {"purpose": purpose, "subject": subject, "claims": [{"dataset": dataset, "field": field, "value": value}]})
    for claim in answer["claims"]:
        print(f"{claim['field']}: {claim['result']} {claim.get('reason', '')}".rstrip())


main(verify, "python3 verify.py SUBJECT PURPOSE DATASET FIELD VALUE", 5)
