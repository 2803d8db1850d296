"""Reads a topic from its beginning to its present end and decodes it with Confluent's own AvroDeserializer, whose registry is the gateway.

Argument: JSON {broker, topic, registry, ca, cert, key}. Prints a JSON list of {partition, offset, key, value}.
"""
import datetime
import decimal
import json
import sys

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

given = json.loads(sys.argv[1])
registry = SchemaRegistryClient(
    {
        "url": given["registry"],
        "ssl.ca.location": given["ca"],
        "ssl.certificate.location": given["cert"],
        "ssl.key.location": given["key"],
    }
)
decode = AvroDeserializer(registry)
consumer = Consumer(
    {
        "bootstrap.servers": given["broker"],
        "group.id": "decode." + given["topic"],
        "enable.auto.commit": False,
        "auto.offset.reset": "earliest",
    }
)


def plain(value):
    """Avro's logical types as the gateway writes them in JSON."""
    if isinstance(value, dict):
        return {name: plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return [plain(member) for member in value]
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (value.microsecond // 1000)
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return str(value)
    return value


topic = given["topic"]
partitions = consumer.list_topics(topic, 20).topics[topic].partitions
left = {}
for number in partitions:
    low, high = consumer.get_watermark_offsets(TopicPartition(topic, number), 20)
    if high > low:
        left[number] = high
consumer.assign([TopicPartition(topic, number, 0) for number in left])
messages = []
while left:
    message = consumer.poll(20)
    if message is None:
        sys.exit("no message came within 20 s")
    if message.error() is not None:
        sys.exit(str(message.error()))
    value = decode(message.value(), SerializationContext(topic, MessageField.VALUE))
    messages.append(
        {"partition": message.partition(), "offset": message.offset(), "key": message.key().decode(), "value": plain(value)}
    )
    if message.offset() + 1 >= left.get(message.partition(), 0):
        left.pop(message.partition(), None)
consumer.close()
json.dump(messages, sys.stdout, ensure_ascii=False)
