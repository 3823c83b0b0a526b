import { textValue } from "./attribute-text.js";
import type { Inference } from "./inference.js";
import { type AttributeBag, SPAN_KIND, type SpanView } from "../trace/span.js";

const OP_BY_PROVIDER: ReadonlyMap<unknown, string> = new Map([
  ["aws", "function.aws"],
  ["azure", "function.azure"],
  ["gcp", "function.gcp"],
]);

/** Names a run of a cloud function after its trigger, or after the cloud it runs in. */
export function inferFaas({ attributes, kind, name }: SpanView): Inference | undefined {
  const trigger = textValue(attributes["faas.trigger"]);
  if (trigger !== undefined) {
    return { op: trigger, description: name, source: "route", data: undefined };
  }
  // Of other kinds is a call of a function that runs elsewhere.
  if (kind !== SPAN_KIND.SERVER && kind !== SPAN_KIND.INTERNAL) return undefined;
  const op = OP_BY_PROVIDER.get(provider(attributes)) ?? "function";
  return { op, description: name, source: "component", data: undefined };
}

// `cloud.platform` is `aws_lambda`, `gcp_cloud_run` or `azure_functions` (newer: `azure.functions`).
function provider(attributes: AttributeBag): string | undefined {
  return (
    textValue(attributes["cloud.provider"]) ??
    textValue(attributes["cloud.platform"])?.split(/[._]/, 1)[0] ??
    providerOfResource(
      textValue(attributes["cloud.resource_id"]) ?? textValue(attributes["faas.id"]),
    )
  );
}

// The form of the id differs by cloud: an ARN, a path of subscriptions, a URL without scheme.
function providerOfResource(id: string | undefined): string | undefined {
  if (id === undefined) return undefined;
  if (id.startsWith("arn:")) return "aws";
  if (id.startsWith("/subscriptions/")) return "azure";
  return id.startsWith("//") ? "gcp" : undefined;
}
