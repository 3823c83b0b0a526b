// What the minifier leaves to do: names of private methods, and lines.
import { parseAst } from "rolldown/parseAst";

import { childrenOf, visit } from "./visit.mjs";

const MIN_LINE = 80;

const LISTS = new Set(["Program", "BlockStatement", "ClassBody", "StaticBlock"]);
const MEMBERS = new Set(["MethodDefinition", "PropertyDefinition"]);

/** Returns the edits that make a chunk of the package from a minified one. `plain` is the same chunk before. */
export function outputEdits(minified, plain) {
  const program = parseAst(minified);
  return [...methodNames(program, parseAst(plain)), ...lineBreaks(program)];
}

/** Applies edits `{ start, end, text }`. Of line breaks, only those that do not make a line shorter than 80 characters. */
export function edited(code, edits) {
  const text = [...piecesOf(code, edits)].map((piece) => piece.text).join("");
  return `${text.trimEnd()}\n`;
}

/** Returns the offset in `code` of an offset in what `edited` returns. */
export function offsetBefore(code, edits, offset) {
  let length = 0;
  for (const { at, text } of piecesOf(code, edits)) {
    if (offset < length + text.length) return at + offset - length;
    length += text.length;
  }
  return code.length;
}

function* piecesOf(code, edits) {
  let at = 0;
  let length = 0;
  for (const { start, end, text } of inOrder(edits)) {
    const before = { at, text: code.slice(at, start) };
    yield before;
    at = end;
    length += before.text.length;
    if (text === "\n" && length < MIN_LINE) continue;
    yield { at: start, text };
    length = text === "\n" ? 0 : length + text.length;
  }
  yield { at, text: code.slice(at) };
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
