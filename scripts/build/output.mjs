// What the minifier leaves to do: names of public functions, and lines.
import { parseAst } from "rolldown/parseAst";

import { functionNames } from "./function-names.mjs";
import { visit } from "./visit.mjs";

const MIN_LINE = 160;

const LISTS = new Set(["Program", "BlockStatement", "ClassBody", "StaticBlock"]);

/**
 * Returns what makes a chunk of the package of a minified one: edits `{ start, end, text }`, and the ranges of the chunk in
 * their new order. `code` is the same chunk before, `exported` has the names that entries export.
 */
export function rewriteOf(minified, { code, exported }) {
  const program = parseAst(minified);
  const plain = parseAst(code);
  const { edits, order } = functionNames(program, { code: minified, plain, exported });
  const breaks = lineBreaks(program).filter(
    ({ start: at }) => !edits.some(({ start, end }) => start < at && at < end),
  );
  return { edits: [...breaks, ...edits], order };
}

/** Applies a rewrite. Of line breaks, only those that do not make a line shorter than 160 characters. */
export function rewritten(code, rewrite) {
  const text = [...piecesOf(code, rewrite)].map((piece) => piece.text).join("");
  return `${text.trimEnd()}\n`;
}

/** Returns the offset in `code` of an offset in what `rewritten` returns. */
export function offsetBefore(code, rewrite, offset) {
  let length = 0;
  for (const { at, text } of piecesOf(code, rewrite)) {
    if (offset < length + text.length) return at + offset - length;
    length += text.length;
  }
  return code.length;
}

function* piecesOf(code, rewrite) {
  let length = 0;
  for (const piece of allPiecesOf(code, rewrite)) {
    if (piece.isLineBreak && length < MIN_LINE) continue;
    yield piece;
    length = piece.isLineBreak ? 0 : length + piece.text.length;
  }
}

function* allPiecesOf(code, { edits, order }) {
  const editsOf = editsByRange(inOrder(edits), order);
  for (const range of order) {
    let at = range.start;
    for (const { start, end, text } of editsOf.get(range)) {
      yield { at, text: code.slice(at, start) };
      yield { at: start, text, isLineBreak: text === "\n" };
      at = end;
    }
    yield { at, text: code.slice(at, range.end) };
    yield { at: range.end, text: range.after ?? "" };
  }
}

function editsByRange(edits, order) {
  const groups = new Map();
  let next = 0;
  for (const range of order.toSorted((a, b) => a.start - b.start)) {
    const first = next;
    while (next < edits.length && edits[next].start < range.end) next += 1;
    groups.set(range, edits.slice(first, next));
  }
  return groups;
}

// A line break goes before what begins at the same place.
function inOrder(edits) {
  return edits.toSorted((a, b) => a.start - b.start || a.end - b.end);
}

// Before statements, members of classes, and what the minifier has joined by commas.
function lineBreaks(program) {
  const starts = new Set();
  visit(program, (node) => {
    for (const { start } of lineStartsIn(node)) starts.add(start);
  });
  starts.delete(0);
  return [...starts].map((start) => ({ start, end: start, text: "\n" }));
}

function lineStartsIn(node) {
  if (LISTS.has(node.type)) return node.body;
  if (node.type === "SwitchCase") return node.consequent;
  if (node.type === "VariableDeclaration") return node.declarations.slice(1);
  return node.type === "SequenceExpression" ? node.expressions.slice(1) : [];
}
