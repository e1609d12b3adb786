import { readFileSync } from 'node:fs';

/** A table of Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** A docstring as a cell has it: links to pages, names of members instead of links to them. */
export function asCell(text: string): string {
  return text
    .replaceAll(/\{@link (?:JwtoOptions\.)?(\w+)\}/g, '`$1`')
    .replaceAll(
      /docs\/([\w-]+)\.md(#[\w-]+)?/g,
      (_all, page: string, place: string | undefined) => `[${page}](${page}.md${place ?? ''})`,
    )
    .replaceAll('|', '\\|');
}

/**
 * A page with its made parts made anew. Each stands between `<!-- made: name -->` and `<!-- end -->`.
 *
 * @throws Error for a part that the page does not have
 */
export function withParts(page: string, parts: Readonly<Record<string, string>>): string {
  return Object.entries(parts).reduce(
    (text, [name, part]) => {
      const [start, end] = [`<!-- made: ${name} -->`, '<!-- end -->'];
      const from = text.indexOf(start);
      const to = text.indexOf(end, from);
      if (from === -1 || to === -1) throw new Error(`${page} has no ${start} … ${end}`);
      return `${text.slice(0, from)}${start}\n\n${part}\n\n${text.slice(to)}`;
    },
    readFileSync(page, 'utf8'),
  );
}
