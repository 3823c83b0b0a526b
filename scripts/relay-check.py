"""Checks received envelopes against Relay's own normalization code.

    npm run demo -- --envelopes envelopes.jsonl
    python -m venv .venv && .venv/bin/pip install sentry-relay
    .venv/bin/python scripts/relay-check.py envelopes.jsonl

Relay answers 200 before it looks at values, and deletes those that it does not accept. This prints every
processing error that Relay would attach, every value that it would remove or change, and every dynamic
sampling context that contradicts its event. Check-ins, logs and metrics have no binding in `sentry-relay`; they
are checked against Relay's rules for release, environment and identifiers. Exits with 1 if anything was found.
"""

import collections
import json
import re
import sys

from sentry_relay.processing import StoreNormalizer

NORMALIZER = StoreNormalizer(
    project_id=1,
    protocol_version="7",
    is_renormalize=False,
    remove_other=True,
    normalize_user_agent=True,
)

# Relay completes these, or stores them in another form (the server's name as a tag).
REWRITTEN = {"event_id", "exception", "logentry", "sdk", "server_name"}

RELEASE = re.compile(r"^(?!\.{1,2}$|latest$)[^\r\n\t/\\]{1,200}$", re.IGNORECASE)
ENVIRONMENT = re.compile(r"^(?!none$|\.$)[^\r\n\t/]{1,64}$", re.IGNORECASE)
TRACE_ID = re.compile(r"^(?!0+$)[0-9a-f]{32}$")


def differences(sent, stored, path):
    """Yields each value of `sent` that `stored` lacks or holds differently."""
    if isinstance(sent, dict) and is_pairs(stored):
        stored = dict(stored)
    if isinstance(sent, dict) and isinstance(stored, dict):
        for key, value in sent.items():
            yield from differences(value, stored.get(key), f"{path}.{key}")
    elif isinstance(sent, list) and isinstance(stored, list):
        for index, value in enumerate(sent):
            other = stored[index] if index < len(stored) else None
            yield from differences(value, other, f"{path}[]")
    elif stored is None and sent is not None:
        yield f"{path}: removed"
    elif not equal(sent, stored):
        yield f"{path}: {sent!r} became {stored!r}"


def is_pairs(value):
    """Tells whether Relay has stored a mapping (headers, cookies, query) as a list of pairs."""
    return isinstance(value, list) and all(isinstance(pair, list) and len(pair) == 2 for pair in value)


def equal(sent, stored):
    if isinstance(sent, bool) or isinstance(stored, bool):
        return sent is stored
    if isinstance(sent, (int, float)) and isinstance(stored, (int, float)):
        return abs(sent - stored) < 1e-6 * max(1, abs(sent))
    return sent == stored


def event_faults(event):
    sent = json.loads(json.dumps(event))
    stored = NORMALIZER.normalize_event(event)
    for error in stored.get("errors") or []:
        yield f"error {error.get('name')}: {error.get('reason') or error.get('type')} ({error.get('value')!r})"
    tags = sent.pop("tags", {})
    stored_tags = dict(pair for pair in stored.get("tags") or [] if pair)
    yield from differences(tags, stored_tags, "tags")
    for key in REWRITTEN:
        sent.pop(key, None)
    yield from differences(sent, stored, "")


def context_faults(header, event):
    dsc = header.get("trace")
    if dsc is None:
        return
    expected = {
        "trace_id": event["contexts"]["trace"]["trace_id"],
        "release": event.get("release"),
        "environment": event.get("environment"),
    }
    if is_head(event) and dsc.get("transaction") is not None:
        expected["transaction"] = event["transaction"]
    for key, value in expected.items():
        if dsc.get(key) != value:
            yield f"sampling context: {key} is {dsc.get(key)!r}, the event says {value!r}"


def is_head(event):
    """Tells whether the event is the transaction that its trace, and so its sampling context, began with."""
    return event.get("type") == "transaction" and "parent_span_id" not in event["contexts"]["trace"]


def value_faults(values):
    release, environment = values.get("release"), values.get("environment")
    if release is not None and not RELEASE.match(release):
        yield f"release {release!r} is not valid"
    if environment is not None and not ENVIRONMENT.match(environment):
        yield f"environment {environment!r} is not valid"
    if "trace_id" in values and not TRACE_ID.match(values["trace_id"]):
        yield f"trace id {values['trace_id']!r} is not valid"


def attribute_values(item):
    attributes = item.get("attributes", {})
    text = {key: attributes.get(f"sentry.{key}", {}).get("value") for key in ("release", "environment")}
    return {**text, "trace_id": item["trace_id"]}


def item_faults(header, item):
    kind, payload = item["header"]["type"], item["payload"]
    if kind in ("event", "transaction", "feedback"):
        yield from event_faults(payload)
        yield from context_faults(header, payload)
    elif kind == "check_in":
        yield from value_faults(payload)
    elif kind in ("log", "trace_metric"):
        for each in payload["items"]:
            yield from value_faults(attribute_values(each))


def main(path):
    counts, faults = collections.Counter(), collections.Counter()
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            envelope = json.loads(line)
            for item in envelope["items"]:
                kind = item["header"]["type"]
                counts[kind] += 1
                for fault in item_faults(envelope["header"], item):
                    faults[f"{kind}: {fault}"] += 1
    print(", ".join(f"{count} {kind}" for kind, count in sorted(counts.items())))
    for fault, count in faults.most_common():
        print(f"{count} x {fault}")
    print(f"{sum(faults.values())} faults")
    return 1 if faults or not counts else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
