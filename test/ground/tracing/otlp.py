"""Decodes exports of spans with OpenTelemetry's own definition of OTLP.

Input: one export in OTLP's JSON a line. Prints a JSON list of {name, trace, span, parent, kind, failed, links, attributes}. A field that the definition does not have
fails. In OTLP's JSON, ids are hexadecimal, where protobuf's JSON has base64 (OTLP specification, section "JSON Protobuf Encoding").
"""
import base64
import json
import sys

from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Status

IDS = ("traceId", "spanId", "parentSpanId")


def proto_json(value):
    if isinstance(value, list):
        return [proto_json(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: base64.b64encode(bytes.fromhex(item)).decode() if key in IDS else proto_json(item) for key, item in value.items()}


spans = []
for line in sys.stdin:
    request = json_format.ParseDict(proto_json(json.loads(line)), ExportTraceServiceRequest())
    for resource in request.resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                assert span.start_time_unix_nano <= span.end_time_unix_nano
                spans.append(
                    {
                        "name": span.name,
                        "trace": span.trace_id.hex(),
                        "span": span.span_id.hex(),
                        "parent": span.parent_span_id.hex(),
                        "kind": span.kind,
                        "failed": span.status.code == Status.STATUS_CODE_ERROR,
                        "links": [link.span_id.hex() for link in span.links],
                        "attributes": {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in span.attributes},
                    }
                )
print(json.dumps(spans))
