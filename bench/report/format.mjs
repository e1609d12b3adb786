// Numbers and tables as Markdown.

/** As many digits as mean something. */
export function figure(number) {
  if (number === undefined || number === null || Number.isNaN(number)) return '';
  const size = Math.abs(number);
  if (size >= 100) return number.toFixed(0);
  if (size >= 10) return number.toFixed(1);
  return number.toFixed(size >= 1 ? 2 : 3);
}

/** A median and its quartiles. */
export function spread({ median, low, high }) {
  return `${figure(median)} (${figure(low)} to ${figure(high)})`;
}

/** A table; the first column is text, the others are numbers. */
export function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, column) => (column === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}
