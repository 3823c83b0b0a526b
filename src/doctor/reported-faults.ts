import { redactedText } from "../privacy/redacted.js";
import { NOT_TRACED } from "../setup/registration-check.js";
import { observation } from "../support/observation.js";
import { printable } from "../support/terminal-text.js";
import { refusedName } from "./configuration-check.js";
import { finding } from "./finding.js";
import { NO_TRANSACTIONS, STARTED_SDK } from "./process-check.js";
import { DSN_AGAIN } from "./server-check.js";
import type { RefusedValues } from "./refused-values.js";
import type { Evidence, Finding, Severity } from "./finding.js";

// Kinds of faults for which a rule has a finding that says more, by the name of that finding.
const RULED: Readonly<Record<string, string>> = {
  "context-manager": "no-context-manager",
  "outside-write": "default-isolation-write",
};

/** Returns findings for the set-up faults and warnings that the package itself has reported, without those that are known. */
export function reportedFindings(known: readonly Finding[], refused?: RefusedValues): Finding[] {
  const names = new Set(known.map(({ name }) => name));
  const isExplained = names.has("bad-dsn") || names.has("bad-option");
  const faults = [...observation.faults]
    .filter(([kind]) => !names.has(RULED[baseOf(kind)] ?? kind))
    // `register` fails because of the option.
    .filter(([kind]) => !isExplained || kind !== "register")
    .map(([kind, message]) =>
      kind.startsWith("value:")
        ? refusedName(kind, message)
        : faultFinding({ kind, message, known }),
    )
    .filter(({ name }) => !names.has(name));
  const page = observation.warnings.get("page-answer");
  const refusal =
    page === undefined
      ? []
      : [faultFinding({ kind: "server-refuses", message: page.message, known })];
  return [...refusal, ...faults, ...warningFindings(refused)];
}

function baseOf(kind: string): string {
  return kind.replace(/:.*/s, "");
}

// Warnings about calls and callbacks of the application; those about the delivery are losses of rule D18.
const CALL =
  /^(?:argument|attach|capture-event|check-in|client|client-call|cron|feedback|metric|(?:span-)?monitor)(?::|$)/;

/** The findings for warnings of these kinds, and the fix where the message has none. */
const WARNINGS: readonly (readonly [kinds: RegExp, name: string, fix: string])[] = [
  [CALL, "wrong-call", "Correct the call."],
  [/^(?:callback|hook):/, "failed-callback", "Correct the hook; SENTRY_DEBUG=1 shows the error."],
  [/^call:/, "failed-call", "Report this fault of the package, with what SENTRY_DEBUG=1 shows."],
  [/^value:/, "refused-value", "Correct the value where it is set."],
];

function warningFindings(refused?: RefusedValues): Finding[] {
  return [...observation.warnings].flatMap(([kind, { message, cause }]) => {
    const [, name = "", fix = ""] = WARNINGS.find(([kinds]) => kinds.test(kind)) ?? [];
    if (name === "") return [];
    const found = messageFinding(message, { severity: "warning", effect: UNUSED, fix });
    const evidence = cause === undefined ? [] : [causeOf(cause)];
    const calls = name === "refused-value" ? refused?.seen(kind.replace("value:", "")) : undefined;
    return [{ ...found, name, evidence, ...calls }];
  });
}

function causeOf(cause: string): Evidence {
  return { kind: "call", name: `threw ${printable(redactedText(cause))}` };
}

const UNUSED = "The data is not on the events, or is not as intended.";

const OF_DELIVERY =
  /^(?:final-loss|unfinished-hooks|never-reached|late-capture|refus|rejected|sender-thread|server-|spool)/;

interface Fault {
  readonly kind: string;
  readonly message: string;
  /** The findings of the checks. */
  readonly known: readonly Finding[];
}

function faultFinding({ kind, message, known }: Fault): Finding {
  const name = baseOf(kind);
  const isRejected = name === "rejected";
  const rule = OF_DELIVERY.test(kind) ? "D18" : "D7";
  const lost = known.find((each) => isRejected && each.name === "lost-send-error")?.summary;
  const effect = EFFECTS[name] ?? EFFECTS[rule] ?? "";
  const fix = isRejected ? DSN_AGAIN : undefined;
  return {
    ...messageFinding(message, { severity: "error", effect: lost ?? effect, fix }),
    rule,
    name,
    code: name === NOT_TRACED ? STARTED_SDK : undefined,
  };
}

// By the name of the finding, else by its rule.
const EFFECTS: Readonly<Record<string, string>> = {
  [NOT_TRACED]: NO_TRANSACTIONS,
  "no-dsn": "Sentry gets nothing from the client that was created without it.",
  D7: "Data is lost, doubled or mixed up.",
  D18: "Sentry does not get this data.",
};

interface Meaning {
  readonly severity: Severity;
  /** The consequence, where the message does not say it. */
  readonly effect: string;
  /** The instruction, where the message has none. */
  readonly fix?: string | undefined;
}

// The package's own messages say what happened, what it means, and at the end what to do.
function messageFinding(message: string, { severity, effect, fix }: Meaning): Finding {
  const [summary = "", ...rest] = message.split(/(?<=\.) (?=[A-Z`])/);
  return finding({
    name: "",
    severity,
    summary: sentence(summary),
    mechanism: rest.length > 1 ? rest.slice(0, -1).join(" ") : effect,
    fix: sentence(rest.at(-1) ?? fix ?? "Correct what it names"),
  });
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith(".") ? "" : "."}`;
}
