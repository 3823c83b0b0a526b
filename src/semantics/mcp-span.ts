import { textValue } from "./attribute-text.js";
import { isChosenName } from "./chosen-name.js";
import type { Inference } from "./inference.js";
import { type AttributeBag, SPAN_KIND, type SpanView } from "../trace/span.js";
import { urlWithoutSecrets } from "../privacy/url.js";

/** Names what a server of the Model Context Protocol does; the client's side is left to other tables. */
export function inferMcp({ attributes, kind, name }: SpanView): Inference | undefined {
  const method = textValue(attributes["mcp.method.name"]);
  if (method === undefined || kind !== SPAN_KIND.SERVER) return undefined;
  const isNotification = method.startsWith("notifications/");
  const op = isNotification ? "mcp.notification.client_to_server" : "mcp.server";
  if (isChosenName(name, method))
    return { op, description: name, source: "custom", data: undefined };
  if (isNotification) return { op, description: method, source: "route", data: undefined };
  const subject = method.startsWith("resources/") ? resourceOf(attributes) : subjectOf(attributes);
  const description = subject === undefined ? method : `${method} ${subject}`;
  return { op, description, source: "route", data: undefined };
}

function subjectOf(attributes: AttributeBag): string | undefined {
  return (
    textValue(attributes["gen_ai.tool.name"]) ??
    textValue(attributes["mcp.tool.name"]) ??
    textValue(attributes["gen_ai.prompt.name"]) ??
    textValue(attributes["mcp.prompt.name"])
  );
}

// The URI is the caller's: a resource may be one of a database or of a site with a login.
function resourceOf(attributes: AttributeBag): string | undefined {
  const uri =
    textValue(attributes["mcp.resource.uri"]) ?? textValue(attributes["mcp.request.argument.uri"]);
  return uri && urlWithoutSecrets(uri);
}
