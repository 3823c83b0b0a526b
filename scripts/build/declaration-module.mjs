// Reads the declarations of one source: what `isolatedDeclarations` makes of it, without a compiler.
import { readFileSync } from "node:fs";

import { isolatedDeclarationSync } from "rolldown/experimental";
import { parseAst } from "rolldown/parseAst";

const modules = new Map();

/**
 * Returns a source's declarations, imports and exports by their names. Throws where a type would have to be inferred.
 * A declaration has its syntax tree and the documentation before it; a name may have several.
 */
export function declarationModule(file) {
  const known = modules.get(file);
  if (known !== undefined) return known;
  const { code, errors } = isolatedDeclarationSync(file, readFileSync(file, "utf8"), {
    stripInternal: true,
  });
  if (errors.length > 0) throw new Error(`${file}: ${errors[0].message}`);
  const module = { code, imports: new Map(), exports: new Map(), declarations: new Map() };
  let end = 0;
  for (const node of parseAst(code, { lang: "dts" }).body) {
    addStatement(module, node, code.slice(end, node.start));
    end = node.end;
  }
  modules.set(file, module);
  return module;
}

function addStatement(module, node, documentation) {
  if (node.type === "ImportDeclaration") addImports(module.imports, node);
  else if (node.type === "ExportNamedDeclaration") addExports(module, node, documentation);
  else addDeclaration(module, { node, documentation });
}

function addImports(imports, node) {
  for (const { type, imported, local } of node.specifiers) {
    const name = type === "ImportSpecifier" ? imported.name : "*";
    imports.set(local.name, { from: node.source.value, name });
  }
}

function addExports(module, node, documentation) {
  for (const { local, exported, exportKind } of node.specifiers) {
    module.exports.set(exported.name, {
      local: local.name,
      from: node.source?.value,
      isType: node.exportKind === "type" || exportKind === "type",
    });
  }
  if (node.declaration === null) return;
  const name = addDeclaration(module, { node: node.declaration, documentation });
  module.exports.set(name, { local: name, isType: false });
}

function addDeclaration({ declarations }, declaration) {
  const { type } = declaration.node;
  const name = nameNode(declaration)?.name;
  if (name === undefined) throw new Error(`a ${type} cannot be rolled up`);
  declarations.set(name, [...(declarations.get(name) ?? []), declaration]);
  return name;
}

/** Returns the syntax tree of a declaration's own name. */
export function nameNode({ node }) {
  return node.id ?? node.declarations?.[0].id;
}
