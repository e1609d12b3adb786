import { readFileSync } from 'node:fs';
import ts from 'typescript';

/** What a docstring says. */
export interface Docstring {
  /** In one line, with its links as they are written. */
  text: string;
  defaultValue: string | undefined;
  returns: string | undefined;
}

/** The docstrings of an interface's members, in their order. */
export function docstringsOf(file: string, name: string): Map<string, Docstring> {
  const found = parse(file).statements.find((one) => ts.isInterfaceDeclaration(one) && one.name.text === name);
  if (found === undefined || !ts.isInterfaceDeclaration(found)) throw new Error(`${file} has no interface ${name}`);
  return new Map(found.members.map((member) => [member.name?.getText() ?? '', read(member)]));
}

/** The docstring of an exported constant. */
export function docstringOf(file: string, name: string): Docstring {
  const found = parse(file).statements.find(
    (one) => ts.isVariableStatement(one) && one.declarationList.declarations[0]?.name.getText() === name,
  );
  if (found === undefined) throw new Error(`${file} has no constant ${name}`);
  return read(found);
}

function parse(file: string): ts.SourceFile {
  return ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
}

function read(node: ts.Node): Docstring {
  const tag = (name: string): string | undefined => {
    const found = ts.getJSDocTags(node).find(({ tagName }) => tagName.text === name);
    return found && oneLine(found.comment);
  };
  const comments = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc);
  const text = oneLine(comments.at(-1)?.comment);
  if (text === '') throw new Error(`no docstring: ${node.getText()}`);
  return { text, defaultValue: tag('defaultValue'), returns: tag('returns') };
}

function oneLine(comment: Parameters<typeof ts.getTextOfJSDocComment>[0]): string {
  return (ts.getTextOfJSDocComment(comment) ?? '').replace(/\s+/g, ' ').trim();
}
