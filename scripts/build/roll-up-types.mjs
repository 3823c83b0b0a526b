// Rolls up the declarations to which an entry leads into one text.
import { dirname, join } from "node:path";

import { declarationModule, nameNode } from "./declaration-module.mjs";
import { referencesIn, typeQueryOf } from "./type-references.mjs";

/**
 * Returns the declarations of an entry as one text, and the names that it exports by the keys of their declarations. What
 * other entries export, `{ specifier, exported }`, is imported from them, so that a class is one type in both.
 */
export function rollUpTypes(entry, others = []) {
  const rollUp = new RollUp(others);
  const exports = [...declarationModule(entry).exports].map(([name, { isType }]) => {
    const target = targetOf(resolveExport(entry, name));
    rollUp.reserve(target, name);
    return { name, isType, target };
  });
  const listed = exports.filter((each) => !rollUp.exportsInPlace(each));
  const specifiers = listed.map(({ name, isType, target }) => {
    const local = rollUp.nameOf(target);
    return `${isType ? "type " : ""}${local === name ? name : `${local} as ${name}`}`;
  });
  return {
    // The list must be there even if it is empty: without one, all declarations would be exported.
    text: `${rollUp.text()}export {${specifiers.map((each) => ` ${each}`).join(",")} };\n`,
    exported: new Map(exports.map(({ name, target }) => [target.key, name])),
  };
}

const TYPES = new Set(["TSInterfaceDeclaration", "TSTypeAliasDeclaration"]);

class RollUp {
  #others;
  #names = new Map();
  #taken = new Set();
  #targets = [];
  #imports = new Map();
  #public = new Set();
  #exportedInPlace = new Set();

  constructor(others) {
    this.#others = others;
  }

  /** Gives a declaration the name under which it is exported, unless it has one or comes from elsewhere. */
  reserve(target, name) {
    this.#public.add(target.key);
    if (this.#names.has(target.key) || this.#specifierOf(target) !== undefined) return;
    this.#declare(target, name);
  }

  /** Returns the name of a declaration in the text, to which it is added, or for which it is imported. */
  nameOf(target) {
    const known = this.#names.get(target.key);
    if (known !== undefined) return known;
    const specifier = this.#specifierOf(target);
    return specifier === undefined
      ? this.#declare(target, target.name)
      : this.#import(target, specifier);
  }

  /**
   * Has the declaration exported where it stands, and returns true; returns false if it must be listed: it comes from
   * elsewhere, has another name, or is a value that is exported as a type.
   */
  exportsInPlace({ name, isType, target }) {
    const isOwn = this.#exporterOf(target.key) === undefined && target.package === undefined;
    const isValue = declarationsOf(target).some(({ node }) => !TYPES.has(node.type));
    if (!isOwn || this.nameOf(target) !== name || (isType && isValue)) return false;
    this.#exportedInPlace.add(target.key);
    return true;
  }

  text() {
    // Each may lead to further ones.
    const declarations = [];
    for (const target of this.#targets) declarations.push(this.#textOf(target));
    const imports = [...this.#imports].map(
      ([specifier, names]) => `import type { ${names.join(", ")} } from "${specifier}";\n`,
    );
    return [...imports, ...declarations].map(withShortComments).join("");
  }

  #specifierOf({ key, package: external }) {
    return this.#exporterOf(key)?.specifier ?? external;
  }

  #exporterOf(key) {
    return this.#others.find(({ exported }) => exported.has(key));
  }

  #declare(target, wanted) {
    const name = this.#name(target, wanted);
    this.#targets.push(target);
    return name;
  }

  #import(target, specifier) {
    const imported = this.#exporterOf(target.key)?.exported.get(target.key) ?? target.name;
    if (imported === "*") throw new Error(`import the names of ${specifier}, not its namespace`);
    const name = this.#name(target, imported);
    const names = this.#imports.get(specifier) ?? [];
    names.push(name === imported ? name : `${imported} as ${name}`);
    this.#imports.set(specifier, names);
    return name;
  }

  #name({ key }, wanted) {
    let name = wanted;
    for (let count = 1; this.#taken.has(name); count += 1) name = `${wanted}$${count}`;
    this.#taken.add(name);
    this.#names.set(key, name);
    return name;
  }

  #textOf(target) {
    const { code } = declarationModule(target.file);
    const texts = declarationsOf(target).map((declaration) => {
      const { documentation, node } = declaration;
      const edits = [{ at: nameNode(declaration), name: this.nameOf(target) }];
      for (const reference of referencesIn(node)) {
        const referred = resolveLocal(target.file, reference.name);
        if (referred === undefined) continue;
        if (namespaceOf(referred) !== undefined)
          throw new Error(`${target.key} uses the namespace ${reference.name}; name its members`);
        edits.push({ at: reference, name: this.nameOf(referred) });
      }
      const prefix = this.#exportedInPlace.has(target.key) ? "export " : "";
      // Only a subclass is exported, and has the same documentation.
      const isBase = node.type === "ClassDeclaration" && !this.#public.has(target.key);
      return `${isBase ? "\n" : documentation}${prefix}${renamed(code, node, edits)}\n`;
    });
    return texts.join("");
  }
}

// Editors break the lines of comments anew, except for lists.
function withShortComments(text) {
  return text.replaceAll(/\/\*\*\n.*?\*\//gs, (comment) => {
    const inner = comment.replace(/^\/\*\*\n\t*\* /, "/** ").replace(/\n\t*\*\/$/, " */");
    return /^\t*\* *[-*\d]/m.test(inner) ? inner : inner.replaceAll(/\n\t*\* (?=\S)/g, " ");
  });
}

function renamed(code, { start, end }, edits) {
  let text = "";
  let position = start;
  for (const { at, name } of edits.toSorted((a, b) => a.at.start - b.at.start)) {
    text += code.slice(position, at.start) + name;
    // Not its end: that of a constant's name lies behind its type.
    position = at.start + at.name.length;
  }
  return text + code.slice(position, end);
}

/**
 * Returns the declaration that `const name: typeof namespace.name` stands for: it has the documentation. Any other target
 * stands for itself.
 */
function targetOf(target) {
  const [object, member, ...rest] = typeQueryOf(declarationsOf(target)) ?? [];
  if (member === undefined || rest.length > 0) return target;
  const namespace = namespaceOf(resolveLocal(target.file, object));
  return namespace === undefined ? target : resolveExport(namespace, member);
}

/** Returns the file of a namespace: one that is imported as `* as name`, or a constant of the type `typeof namespace`. */
function namespaceOf(target) {
  if (target?.file === undefined || target.name === "*") return target?.file;
  const query = typeQueryOf(declarationsOf(target));
  return query?.length === 1 ? namespaceOf(resolveLocal(target.file, query[0])) : undefined;
}

function declarationsOf({ file, name }) {
  return file === undefined ? [] : (declarationModule(file).declarations.get(name) ?? []);
}

function resolveExport(file, name) {
  const { local, from } = declarationModule(file).exports.get(name) ?? {};
  if (local === undefined) throw new Error(`${file} does not export ${name}`);
  return from === undefined
    ? resolveLocal(file, local)
    : resolveImport(file, { from, name: local });
}

function resolveLocal(file, name) {
  const { imports, declarations } = declarationModule(file);
  const imported = imports.get(name);
  if (imported !== undefined) return resolveImport(file, imported);
  return declarations.has(name) ? { file, name, key: `${file} ${name}` } : undefined;
}

function resolveImport(file, { from, name }) {
  if (!from.startsWith(".")) return { package: from, name, key: `${from} ${name}` };
  const source = join(dirname(file), from.replace(/\.js$/, ".ts"));
  return name === "*" ? { file: source, name, key: `${source} *` } : resolveExport(source, name);
}
