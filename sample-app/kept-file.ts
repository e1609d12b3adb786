import { link, mkdir, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A file that the sample makes for itself once, and finds again at every later start. */
export interface KeptFile {
  readonly path: string;
  /** `0o600` for what is secret. */
  readonly mode: number;
  make: () => string | Promise<string>;
  /** Whether what was found may still be used; a file that may not is replaced. */
  isGood?: (content: string) => boolean;
}

/**
 * The content of a kept file. Of two processes that make it at the same time one wins and both go on with its content:
 * the file appears under its name only when it is complete, and never in place of another good one.
 */
export async function readOrMake(file: KeptFile): Promise<string> {
  const found = await readGood(file);
  if (found !== undefined) return found;

  await mkdir(dirname(file.path), { recursive: true });
  const draft = `${file.path}.${String(process.pid)}`;
  const made = await file.make();
  await writeFile(draft, made, { mode: file.mode });
  try {
    await link(draft, file.path);
    await unlink(draft);
    return made;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const winner = await readGood(file);
  await (winner === undefined ? rename(draft, file.path) : unlink(draft));
  return winner ?? made;
}

async function readGood({ path, isGood = () => true }: KeptFile): Promise<string | undefined> {
  try {
    const content = await readFile(path, 'utf8');
    return isGood(content) ? content : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
