import { cpSync } from 'node:fs';
import path from 'node:path';

/* Next.js leaves what the browser loads out of the standalone folder; beside it, the server serves it itself. */
const root = path.resolve(import.meta.dirname, '..');
cpSync(path.join(root, '.next/static'), path.join(root, '.next/standalone/.next/static'), { recursive: true });
