const MOST = 80;

/** What came from outside, for a message: short, and with nothing in it that markup or a terminal would understand. */
export function shown(text: string): string {
  const plain = text.slice(0, MOST + 1).replace(/[^\w.:/[\]-]/g, '?');
  return plain.length > MOST ? `${plain.slice(0, MOST)}…` : plain;
}
