import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { backupContent } from '../../backups/backup-content.ts';
import type { Content } from '../../core/change.ts';
import { Secret } from '../../core/secret.ts';
import { findFile, findTemplate, pathInProject } from '../../project/playbook/find-file.ts';
import { checkArgs } from '../../project/schema/module-args.ts';
import { type Compiled, compileFile, referencesOf } from '../../project/template/template.ts';
import { collectProblems, usage } from '../../project/yaml/problems.ts';
import { type Roots, readSource, shownPath } from '../../project/yaml/source-file.ts';
import { didYouMean } from '../../project/yaml/spelling.ts';
import type { ProjectSide } from '../host/host-run.ts';
import type { Instance } from '../task/instance.ts';
import { revealed } from '../task/revealed.ts';
import { directoryContent } from '../transfer/local-directory.ts';

/** Contents up to this number of bytes are kept in memory and sent within a program; larger ones are streamed. */
const heldAtMost = 64 * 1024;

/** The project's side of a run: checks arguments, compiles templates once and renders them for each host, hashes files once. */
export function projectSide(name: string, roots: Roots, hide: (secret: Secret) => void): ProjectSide {
  const templates = new Map<string, Promise<Compiled<string | Secret>>>();
  const files = new Map<string, Promise<Content>>();

  const templateAt = async (instance: Instance, src: string): Promise<Compiled<string | Secret>> => {
    const { role, argPlaces, at } = instance.task;
    const place = argPlaces['src'] ?? at;
    // `src: x.service` may be stored as x.service.hbs, which editors recognize.
    const path = await findTemplate(roots, role, src, place).catch((error: unknown) =>
      findTemplate(roots, role, `${src}.hbs`, place).catch(() => {
        throw error;
      }),
    );
    return once(templates, path, async () => {
      const source = await readSource(path, roots.project);
      return compileFile(source.text, source.place);
    });
  };

  return {
    name,
    checkArgs: async ({ task, module }, args) => revealed(await checkArgs(module, args, task.argPlaces, task.at), hide),
    checkLocal: async (instance, request, variables) => {
      if (request.kind !== 'template') return;
      const compiled = await templateAt(instance, request.src);
      const names = new Set(variables.names());
      const problems = collectProblems();
      for (const { name: missing, at, optional } of referencesOf(compiled)) {
        if (optional || names.has(missing)) continue;
        problems.add(`"${missing}" is not defined`, at, didYouMean(missing, names, 'define it in the inventory'));
      }
      problems.throwIfAny();
    },
    load: async (instance, request, variables) => {
      if (request.kind === 'template') {
        const rendered = (await templateAt(instance, request.src)).evaluate(variables);
        if (rendered.kind === 'pending') return rendered;
        const secret = rendered.value instanceof Secret;
        const text = rendered.value instanceof Secret ? rendered.value.reveal() : rendered.value;
        return { kind: 'value', value: heldContent(Buffer.from(text, 'utf8'), secret) };
      }
      const at = instance.task.argPlaces['src'] ?? instance.task.at;
      if (request.kind === 'output')
        return { kind: 'value', value: { ...heldContent(Buffer.alloc(0)), path: resolve(roots.project, request.src) } };
      if (request.kind === 'backup')
        return { kind: 'value', value: await backupContent(resolve(roots.project, request.src), request.at) };
      if (request.kind === 'kept') {
        const path = await pathInProject(roots, request.src, instance.task.argPlaces['dest'] ?? instance.task.at);
        return { kind: 'value', value: await keptContent(path) };
      }
      const path = await findFile(roots, instance.task.role, request.src, at);
      if (request.kind === 'directory') {
        const exclude = request.exclude ?? [];
        const content = once(files, JSON.stringify([path, exclude]), async () => {
          if ((await stat(path)).isDirectory()) return directoryContent(path, exclude);
          throw usage(`${shownPath(path, roots.project)} is not a directory`, at, 'a file is placed by copy');
        });
        return { kind: 'value', value: await content };
      }
      return { kind: 'value', value: await once(files, path, () => fileContent(path, roots, at)) };
    },
  };
}

/** A Content of bytes in memory. */
export function heldContent(bytes: Buffer, secret = false): Content {
  return {
    size: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    ...(bytes.length <= heldAtMost ? { bytes } : {}),
    open: async function* () {
      yield bytes;
    },
    ...(secret ? { secret } : {}),
  };
}

/** A file that a task writes: read again each time, and it may not exist yet. */
async function keptContent(path: string): Promise<Content> {
  try {
    return { ...(await readContent(path, (await stat(path)).size)), path };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return { ...heldContent(Buffer.alloc(0)), sha256: '', path };
    }
    throw usage(`${path} can't be read`, undefined, 'dest names the file that is to be written', error);
  }
}

async function fileContent(path: string, roots: Roots, at: Instance['task']['at']): Promise<Content> {
  const found = await stat(path);
  const { size } = found;
  if (!found.isFile())
    throw usage(`${shownPath(path, roots.project)} is not a file`, at, 'name a file, not a directory');
  return readContent(path, size);
}

async function readContent(path: string, size: number): Promise<Content> {
  if (size <= heldAtMost) return heldContent(await readFile(path));
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return { size, sha256: hash.digest('hex'), open: () => createReadStream(path) };
}

/** If several hosts need the same file at the same time, the result for the first is used for all. */
function once<T>(known: Map<string, Promise<T>>, path: string, make: () => Promise<T>): Promise<T> {
  const found = known.get(path);
  if (found !== undefined) return found;
  const made = make();
  known.set(path, made);
  return made;
}
