import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Injectable } from '@nestjs/common';

/** A file of the page as it is sent. */
export interface PageFile {
  readonly type: string;
  readonly etag: string;
  readonly body: string;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * The files of the page and of `jwto/client`, read once at start. A request's path is looked up among their names and
 * never becomes the name of a file, so no path leads anywhere else.
 */
@Injectable()
export class PageFiles {
  /** By path below `/page/`. */
  private readonly files = new Map<string, PageFile>([
    ...readFolder(join(import.meta.dirname, '../web'), ''),
    // Found as an application finds it, by the exports of package.json.
    ...readFolder(fileURLToPath(new URL('.', import.meta.resolve('jwto/client'))), 'client/'),
  ]);

  /** The hash of the page's one inline element, its import map, as a Content-Security-Policy names it. */
  readonly importMapHash = hashOf(
    /<script type="importmap">(.*?)<\/script>/s.exec(this.find('index.html')?.body ?? ''),
  );

  find(path: string): PageFile | undefined {
    return this.files.get(path);
  }
}

function readFolder(folder: string, at: string): [string, PageFile][] {
  return readdirSync(folder).flatMap((name) => {
    const type = TYPES[extname(name)];
    if (type === undefined || name.endsWith('.d.ts.map')) return [];
    const body = readFileSync(join(folder, name), 'utf8');
    return [[at + name, { type, body, etag: `"${sha256(body, 'base64url')}"` }] satisfies [string, PageFile]];
  });
}

function hashOf(found: RegExpExecArray | null): string {
  return `sha256-${sha256(found?.[1] ?? '', 'base64')}`;
}

function sha256(text: string, encoding: 'base64' | 'base64url'): string {
  return createHash('sha256').update(text).digest(encoding);
}
