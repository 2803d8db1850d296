"""A department's own system: it takes its items of cases from its topic, and acts on them on the other, with Confluent's client and the gateway as registry.

Argument: JSON {broker, prefix, authority, api, ca, cert, key, asks}. Of each item that it is told it has, it fetches the form over the API; asks once for what `asks` says, sealed to the case; and grants it when it has it back. Ends when an item of its own is granted. Prints a JSON line for each step that it was told and each act.
"""
import json
import sys

import requests
from confluent_kafka import Consumer, Producer
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from jwcrypto import jwe, jwk

given = json.loads(sys.argv[1])
steps = "%s.%s._steps" % (given["prefix"], given["authority"])
acts = "%s.%s._acts" % (given["prefix"], given["authority"])
registry = SchemaRegistryClient(
    {
        "url": given["api"] + "/registry",
        "ssl.ca.location": given["ca"],
        "ssl.certificate.location": given["cert"],
        "ssl.key.location": given["key"],
    }
)
decode = AvroDeserializer(registry)
encode = AvroSerializer(registry, conf={"auto.register.schemas": False, "use.latest.version": True})
consumer = Consumer(
    {
        "bootstrap.servers": given["broker"],
        "group.id": "%s.%s" % (given["authority"], given["prefix"]),
        "enable.auto.commit": False,
        "auto.offset.reset": "earliest",
    }
)
consumer.subscribe([steps])
producer = Producer({"bootstrap.servers": given["broker"], "acks": "all", "enable.idempotence": True})


def say(what):
    print(json.dumps(what, ensure_ascii=False, default=str), flush=True)


def seal(step, contents):
    sealed = jwe.JWE(
        json.dumps(contents).encode(), protected=json.dumps({"alg": "ECDH-ES", "enc": "A256GCM"})
    )
    sealed.add_recipient(jwk.JWK.from_json(step["answerKey"]))
    return sealed.serialize(compact=True)


def act(record):
    context = SerializationContext(acts, MessageField.VALUE)
    whole = {"item": None, "task": None, "outcome": None, "checked": [], "sealed": None, **record}
    producer.produce(acts, key=record["case"], value=encode(whole, context))
    producer.flush()
    say({"acted": record["act"], "id": record["id"]})


def item_of(step):
    """The department's own form, whole, as the gateway gives it to the department's client."""
    answer = requests.get(
        "%s/v1/cases/%s" % (given["api"], step["case"]), cert=(given["cert"], given["key"]), verify=given["ca"]
    )
    answer.raise_for_status()
    return next(item for item in answer.json()["items"] if item["item"] == step["item"])


seen = set()
while True:
    message = consumer.poll(1)
    if message is None:
        continue
    if message.error():
        continue
    step = decode(message.value(), SerializationContext(steps, MessageField.VALUE))
    if step["id"] in seen:
        continue
    seen.add(step["id"])
    own = step["item"] is not None and step["authority"] == given["authority"]
    say({"told": step["status"], "item": step["item"], "act": step["act"], "own": own})
    if own and step["status"] == "granted":
        break
    if not own or step["status"] != "held":
        continue
    item = item_of(step)
    say({"form": item["form"], "term": item["term"]["due"], "due": step["due"]})
    if step["act"] != "give" and given["asks"]:
        asked = {"id": step["id"] + ".ask", "case": step["case"], "act": "ask", "item": step["item"]}
        record = {**asked, "sealed": seal(step, {"says": given["asks"], "fields": []})}
        act(record)
        # as after a crash that came before it knew that it was sent
        act(record)
    else:
        act(
            {
                "id": step["id"] + ".grant",
                "case": step["case"],
                "act": "grant",
                "item": step["item"],
                "checked": item["unknown"],
            }
        )
consumer.close()
