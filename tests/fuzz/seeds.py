"""Makes inputs of `arm_answer` of recorded refusals and exchanges: seeds.py DIRECTORY FILE..."""

import json
import pathlib
import sys

directory, *files = sys.argv[1:]
for number, name in enumerate(files):
    recorded = json.loads(pathlib.Path(name).read_text())
    if "status" in recorded:
        heads = ["%d 1000 %s" % (number % 40 + first, recorded["status"]) for first in (0, 7, 25)]
        text = "\n%%%\n".join(head + "\n\n" + json.dumps(recorded["body"]) for head in heads)
    else:
        text = "3 9 200\netag: \"1\"\n\n" + json.dumps(recorded.get("get"))
    pathlib.Path(directory, pathlib.Path(name).stem).write_text(text)

HOST = "https://management.azure.com/subscriptions/00000000-0000-0000-0000-000000000000/operations/1?api-version=1"
BY_HAND = [
    "0 0 200\n\n~properties.provisioningState=\"Failed\"\n",
    "10 0 429\nretry-after: 7\n\n",
    "12 3 503\n\n<html><title>Bad gateway</title></html>",
    "14 0 202\nazure-asyncoperation: " + HOST + "\nretry-after: 1\n\n\n%%%\n15 2 200\n\n{\"status\": \"Running\"}",
    "14 0 202\nlocation: " + HOST + "\n\n\n%%%\n16 0 200\n\n{\"status\": \"Failed\", \"error\": {\"code\": \"X\"}}",
    "20 0 412\n\n{\"error\": {\"code\": \"PreconditionFailed\", \"message\": \"moved\"}}",
    "30 5 404\n\n{\"error\": {\"code\": \"ResourceNotFound\", \"message\": \"gone\"}}",
    "40 7 409\n\n{\"error\": {\"code\": \"OperationNotAllowed\", \"message\": \"another operation is in progress\"}}",
    "5 4 200\n\n~properties.agentPoolProfiles=[{\"name\": \"system\", \"count\": 9}]\n~properties.kubernetesVersion=\"1.33\"",
    "5 1 200\n\n~value=[]\n",
    "5 3 200\n\n~nextLink=\"https://management.azure.com/again\"\n",
    "2 6 200\n\n~properties.principalId=null\n",
    "0 1 200\n\n{\"properties\": {\"tags\": {\"$secret\": [[[[{}]]]]}, \"id\": \"/subscriptions/x\"}}",
]
for number, text in enumerate(BY_HAND):
    pathlib.Path(directory, "by_hand_%d" % number).write_text(text)
