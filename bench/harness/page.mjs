// Writes results into a page, between comments that name the bench.
import { execFileSync } from "node:child_process";
import { cpus, release, type } from "node:os";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const END = "<!-- end -->";

function git(...args) {
  return execFileSync("git", args, { cwd: ROOT, encoding: "utf8" }).trim();
}

/** Returns the short commit of the sources and benches, with a `+` if they have changes that are not committed. */
export function currentCommit() {
  const isChanged = git("status", "--porcelain", "--", "src", "bench", "package-lock.json") !== "";
  return `${git("rev-parse", "--short", "HEAD")}${isChanged ? "+" : ""}`;
}

const cell = (value) => String(value ?? "").replaceAll("|", String.raw`\|`);
const line = (cells) => `| ${cells.map(cell).join(" | ")} |`;

/** Returns tables as Markdown, each with its conditions, goals and faults. */
export function markdown(tables, commit) {
  return tables
    .map(({ title, rows, load, goals, faults }) => {
      const heads = Object.keys(rows[0]);
      const lines = rows.map((row) => line(heads.map((head) => row[head])));
      const notes = [
        ...goals.map(({ text }) => `- Goal, ${text}`),
        ...faults.map((fault) => `- Fault: ${fault}`),
      ];
      return [
        `${title} (commit ${commit}, load ${load})`,
        [line(heads), line(heads.map(() => "---")), ...lines].join("\n"),
        ...(notes.length > 0 ? [notes.join("\n")] : []),
      ].join("\n\n");
    })
    .join("\n\n");
}

/** Returns the page with the content under a name replaced. Throws if the page has no such comments. */
export function replaced(page, name, content) {
  const [from, to] = boundsOf(page, name);
  return `${page.slice(0, from)}\n\n${content}\n\n${page.slice(to)}`;
}

function boundsOf(page, name) {
  const start = `<!-- bench: ${name} -->`;
  const from = page.indexOf(start) + start.length;
  const to = page.indexOf(END, from);
  if (from < start.length || to < 0) throw new Error(`the page has no comments for ${name}`);
  return [from, to];
}

/** Returns the page with a line about this machine for the commit, and those of other commits of which it has tables. */
export function withConditions(page, commit) {
  const [from, to] = boundsOf(page, "conditions");
  const isKept = (known) => known !== undefined && page.includes(`(commit ${known}, load`);
  const others = page
    .slice(from, to)
    .split("\n")
    .filter((text) => commitOf(text) !== commit && isKept(commitOf(text)));
  const today = new Date().toISOString().slice(0, 10);
  const [{ model }, { length }] = [cpus()[0], cpus()];
  const system = `${type()} ${release().split("-")[0]} (${process.arch})`;
  const machine = `${model.trim()}, ${length} cores, ${system}`;
  const ours = `- Commit ${commit}, ${today}: Node ${process.version}, ${machine}.`;
  return replaced(page, "conditions", [...others, ours].join("\n"));
}

const commitOf = (text) => /^- Commit (\S+),/.exec(text)?.[1];
