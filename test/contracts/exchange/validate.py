"""Validates a JSON-LD file under SHACL shapes by pySHACL, and prints its results as JSON, one a line."""
import json
import sys

from pyshacl import validate
from rdflib import Graph, Namespace

SH = Namespace("http://www.w3.org/ns/shacl#")
data = Graph().parse(sys.argv[1], format="json-ld")
print(json.dumps({"triples": len(data)}))
for file in sys.argv[2:]:
    shapes = Graph().parse(file, format="turtle")
    _, report, _ = validate(data, shacl_graph=shapes, inference="none", advanced=True, allow_warnings=True)
    # what a result rests on (sh:detail) is part of it
    for result in report.objects(None, SH.result):
        print(json.dumps({
            "shapes": file.rsplit("/", 1)[-1],
            "severity": str(report.value(result, SH.resultSeverity)).rsplit("#", 1)[-1],
            "focus": str(report.value(result, SH.focusNode)),
            "path": str(report.value(result, SH.resultPath)),
            "message": str(report.value(result, SH.resultMessage)),
        }))
