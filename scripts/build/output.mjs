// What the minifier leaves to do: names of public functions, fields without a value, declarations to join, and lines.
import { parseAst } from "rolldown/parseAst";

import { functionNames } from "./function-names.mjs";
import { visit } from "./visit.mjs";

const MIN_LINE = 1100;

const LISTS = new Set(["Program", "BlockStatement", "ClassBody", "StaticBlock"]);

/**
 * Returns what makes a chunk of the package of a minified one: edits `{ start, end, text }`, and the ranges of the chunk in
 * their new order. `code` is the same chunk before, `exported` has the names that entries export.
 */
export function rewriteOf(minified, { code, exported, isSeldomRun = false }) {
  const program = parseAst(minified);
  const plain = parseAst(code);
  const {
    edits: named,
    order,
    moved,
  } = functionNames(program, { code: minified, plain, exported });
  const fields = emptyFields(program);
  const voids = isSeldomRun ? namedVoids(program, fields) : [];
  const edits = [
    ...named,
    ...fields,
    ...setFields(program),
    ...voids,
    ...joined(program, new Set(moved)),
  ];
  const breaks = lineBreaks(program).filter(
    ({ start: at }) => !edits.some(({ start, end }) => start < at && at < end),
  );
  return { edits: [...breaks, ...edits], order };
}

/** Applies a rewrite. Of line breaks, only those that do not make a line shorter than 1100 characters. */
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

// Declarations that follow each other once the functions between them have been moved.
function joined(program, moved) {
  const edits = [];
  visit(program, ({ type, body }) => {
    if (!LISTS.has(type)) return;
    let last;
    for (const node of body.filter((each) => !moved.has(each))) {
      if (node.type === "VariableDeclaration" && node.kind === last?.kind) {
        edits.push({ start: last.end - 1, end: last.end, text: "" });
        edits.push({ start: node.start, end: node.declarations[0].start, text: "," });
      }
      last = node;
    }
  });
  return edits;
}

// Not `void` before a call, whose value is ignored.
const isUndefined = (node) => node?.operator === "void" && node.argument.value === 0;

// A field of a class is undefined without `=void 0`, too.
function emptyFields(program) {
  const edits = [];
  visit(program, ({ type, key, value }) => {
    if (type === "PropertyDefinition" && isUndefined(value))
      edits.push({ start: key.end, end: value.end, text: "" });
  });
  return edits;
}

// A field that the constructor sets in any case need not be declared: one store less, too.
function setFields(program) {
  const edits = [];
  visit(program, ({ type, body }) => {
    if (type !== "ClassBody") return;
    const constructor = body.find(({ kind }) => kind === "constructor");
    const names = new Set(constructor?.value.body.body.flatMap(namesSetBy));
    for (const { type: kind, key, value, computed, ...range } of body)
      if (kind === "PropertyDefinition" && value === null && !computed && names.has(key.name))
        edits.push({ start: range.start, end: range.end, text: "" });
  });
  return edits;
}

function namesSetBy({ expression }) {
  const parts = expression?.type === "SequenceExpression" ? expression.expressions : [expression];
  return parts.flatMap((part) =>
    part?.type === "AssignmentExpression" &&
    part.operator === "=" &&
    part.left.object?.type === "ThisExpression" &&
    part.left.property.type === "Identifier" &&
    !part.left.computed
      ? [part.left.property.name]
      : [],
  );
}

// The minifier gives names of three characters only in files that are larger than these.
const VOID = "$_0";

// A variable that is undefined, for `void 0`.
function namedVoids(program, fields) {
  visit(program, ({ type, name }) => {
    if (type === "Identifier" && name === VOID) throw new Error(`${VOID} is a name already`);
  });
  const { end } = program.body.find(({ directive }) => directive !== undefined);
  const edits = [{ start: end, end, text: `var ${VOID};` }];
  visit(program, (node) => {
    const { start, end: last } = node;
    if (isUndefined(node) && !fields.some((field) => field.end === last))
      edits.push({ start, end: last, text: VOID });
  });
  return edits;
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
