/**
 * Takes the texts that are not English out of the files that have them, into a module for each
 * language, in two parts: a browser loads English and the language that is spoken, and no other.
 *
 * A call `texts({ en: {…}, 'zh-Hant': {…}, … })` becomes one that looks the others up where
 * `src/text/words.ts` keeps them.
 */
import { globSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';
import type { Plugin } from 'vite';

const SRC = join(import.meta.dirname, 'src');
/** A module of this name, a language and a part has its texts, by the files that they are of. */
const MODULE = 'virtual:words/';
/** What is shown at first: the frame, and Home in it. The rest is another part. */
const FIRST = /^(api|frame|parts|text|areas\/home)\//;

export function words(): Plugin {
  return {
    name: 'words',
    enforce: 'pre',
    resolveId: (id) => (id.startsWith(MODULE) ? `\0${id}` : undefined),
    load(id) {
      if (!id.startsWith(`\0${MODULE}`)) return undefined;
      const [language = '', part] = id.slice(MODULE.length + 1).split('/');
      const all = globSync('**/*.{ts,tsx}', { cwd: SRC })
        .sort()
        .flatMap((name) => {
          const found = textsIn(readFileSync(join(SRC, name), 'utf8'), name)?.get(language);
          if (!found || FIRST.test(name) !== (part === 'first')) return [];
          this.addWatchFile(join(SRC, name));
          return [`${JSON.stringify(name)}: ${found.text}`];
        });
      const target = ts.ScriptTarget.ESNext;
      const code = `export default {\n${all.join(',\n')}\n};`;
      return ts.transpileModule(code, { compilerOptions: { target } }).outputText;
    },
    transform(code, id) {
      const name = relative(SRC, id);
      const found = name.startsWith('..') ? undefined : textsIn(code, name);
      if (!found) return undefined;
      let made = code;
      const at = JSON.stringify(name);
      for (const [language, { from, to }] of [...found].reverse()) {
        const get = `get '${language}'() { return wordsOf('${language}', ${at}); }`;
        made = made.slice(0, from) + get + made.slice(to);
      }
      return `import { wordsOf } from '/src/text/words.ts';\n${made}`;
    },
  };
}

/** Where a language's texts are in a file, and what they are. */
interface Found {
  from: number;
  to: number;
  text: string;
}

/** The texts of a file that are not English, in the order in which they stand there. */
function textsIn(code: string, name: string): Map<string, Found> | undefined {
  if (!code.includes('texts({')) return undefined;
  const file = ts.createSourceFile(name, code, ts.ScriptTarget.ESNext, true);
  const found = new Map<string, Found>();
  const walk = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && node.expression.getText() === 'texts') {
      const [all] = node.arguments;
      if (!all || !ts.isObjectLiteralExpression(all) || found.size > 0) {
        throw new Error(`${name}: texts() stands once in a file, with its texts written out`);
      }
      for (const one of all.properties) {
        if (!ts.isPropertyAssignment(one) || !ts.isStringLiteral(one.name)) continue;
        alone(one.initializer, file);
        const text = one.initializer.getText();
        found.set(one.name.text, { from: one.getStart(), to: one.getEnd(), text });
      }
    }
    ts.forEachChild(node, walk);
  };
  walk(file);
  return found;
}

/** Texts are moved without what is around them, so they can use none of it. */
function alone(texts: ts.Node, file: ts.SourceFile) {
  const around = new Set(file.statements.flatMap(namesOf));
  const walk = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && around.has(node.text) && !isName(node)) {
      throw new Error(`${file.fileName}: a text uses ${node.text}, which is not part of the texts`);
    }
    ts.forEachChild(node, walk);
  };
  walk(texts);
}

/** Whether an identifier names a text or a parameter, and stands for nothing. */
const isName = (node: ts.Identifier) =>
  (ts.isPropertyAssignment(node.parent) || ts.isParameter(node.parent)) &&
  node.parent.name === node;

/** What a statement of a file declares or imports. */
function namesOf(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.map(({ name }) => name.getText());
  }
  if (ts.isFunctionDeclaration(statement)) return [statement.name?.text ?? ''];
  if (!ts.isImportDeclaration(statement)) return [];
  const bindings = statement.importClause?.namedBindings;
  if (!bindings || !ts.isNamedImports(bindings)) return [];
  return bindings.elements.map(({ name }) => name.text);
}
