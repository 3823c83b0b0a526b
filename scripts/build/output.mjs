// What the minifier leaves to do: names of functions and private methods, and lines.
import { parseAst } from "rolldown/parseAst";

import { functionNames } from "./function-names.mjs";
import { childrenOf, visit } from "./visit.mjs";

const MIN_LINE = 160;

const LISTS = new Set(["Program", "BlockStatement", "ClassBody", "StaticBlock"]);
const MEMBERS = new Set(["MethodDefinition", "PropertyDefinition"]);

/**
 * Returns what makes a chunk of the package of a minified one: edits `{ start, end, text }`, and the ranges of the chunk in
 * their new order. `code` is the same chunk before, `exported` has the names that sources export.
 */
export function rewriteOf(minified, { code, exported }) {
  const program = parseAst(minified);
  const plain = parseAst(code);
  const { edits, order } = functionNames(program, { plain, exported });
  return { edits: [...methodNames(program, plain), ...lineBreaks(program), ...edits], order };
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

/**
 * Gives private methods their names back: stack traces show them, and the minifier keeps no private name. It keeps the order
 * of members, by which they are found.
 */
function methodNames(program, plain) {
  const before = privateMembers(plain);
  const after = privateMembers(program);
  const isSame = before.length === after.length && before.every((m, i) => isLike(m, after[i]));
  if (!isSame) throw new Error("the minifier changed the order of private members");
  const names = new Map();
  after.forEach(({ key, type }, index) => {
    if (type === "MethodDefinition") names.set(key, before[index].key.name);
  });
  const edits = [];
  renamePrivate(program, { names, scope: new Map(), edits });
  return edits;
}

function privateMembers(program) {
  const members = [];
  visit(program, (node) => {
    if (isPrivateMember(node)) members.push(node);
  });
  return members;
}

function isPrivateMember({ type, key }) {
  return MEMBERS.has(type) && key.type === "PrivateIdentifier";
}

function isLike(a, b) {
  return a.type === b.type && a.kind === b.kind && a.static === b.static;
}

function renamePrivate(node, { names, scope, edits }) {
  const inner = node.type === "ClassBody" ? new Map([...scope, ...namesIn(node, names)]) : scope;
  const name = node.type === "PrivateIdentifier" ? scope.get(node.name) : undefined;
  if (name !== undefined) edits.push({ start: node.start, end: node.end, text: `#${name}` });
  for (const child of childrenOf(node)) renamePrivate(child, { names, scope: inner, edits });
}

// A field hides a method of the same name in a class around its own.
function namesIn({ body }, names) {
  return body.filter(isPrivateMember).map(({ key }) => [key.name, names.get(key)]);
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
