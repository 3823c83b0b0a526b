import { textValue } from "./attribute-text.js";
import { statusNumber } from "./http-status.js";
import type { InferredData } from "./inference.js";
import { filterQuery } from "../privacy/sensitive.js";
import type { AttributeBag } from "../trace/span.js";
import { fragmentOf, queryOf } from "../privacy/url.js";

interface RequestLine {
  readonly url: string | undefined;
  /** `url` without credentials, query and fragment. */
  readonly safeUrl: string | undefined;
  readonly target: string | undefined;
}

/** Data that Sentry reads of an HTTP span and OTel has under other names; undefined when there is none. */
export function httpData(attributes: AttributeBag, line: RequestLine): InferredData | undefined {
  const query = requestQuery(attributes, line);
  const fragment = requestFragment(attributes, line.url);
  const status = oldStatus(attributes);
  const { safeUrl } = line;
  if (safeUrl === undefined && query === "" && fragment === "" && status === undefined) {
    return undefined;
  }
  const data: Record<string, string | number> = {};
  if (safeUrl !== undefined) data["url"] = safeUrl;
  if (query !== "") data["http.query"] = query;
  if (fragment !== "") data["http.fragment"] = fragment;
  if (status !== undefined) data["http.response.status_code"] = status;
  return data;
}

function requestQuery(attributes: AttributeBag, { url, target }: RequestLine): string {
  const ofUrl = url === undefined ? "" : queryOf(url);
  if (ofUrl !== "") return ofUrl;
  const query = textValue(attributes["url.query"]);
  if (query !== undefined) return filterQuery(query.startsWith("?") ? query.slice(1) : query);
  return target === undefined ? "" : queryOf(target);
}

function requestFragment(attributes: AttributeBag, url: string | undefined): string {
  if (url !== undefined) return fragmentOf(url);
  const fragment = textValue(attributes["url.fragment"]) ?? "";
  return fragment.startsWith("#") ? fragment.slice(1) : fragment;
}

function oldStatus(attributes: AttributeBag): number | undefined {
  if (attributes["http.response.status_code"] !== undefined) return undefined;
  return statusNumber(attributes["http.status_code"]);
}
