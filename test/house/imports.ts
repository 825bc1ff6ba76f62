import { posix } from 'node:path';

/** What the files of one room may import besides each other. */
export interface RoomRules {
  /** Rooms whose code it may use. */
  readonly uses?: readonly string[];
  /** Rooms of which it may know the types, and nothing that runs. */
  readonly types?: readonly string[];
  /** Node's own modules; absent: any. */
  readonly builtins?: readonly string[];
}

/** The import table. A room is a file or folder below `src`, without the extension; the longest match counts. */
export interface ImportTable {
  readonly rooms: Readonly<Record<string, RoomRules>>;
  /** Which rooms may import an npm package. */
  readonly packages: Readonly<Record<string, readonly string[]>>;
  /** Rooms that put the others together and may import all of them. */
  readonly everything: readonly string[];
}

export interface Import {
  readonly from: string;
  readonly typeOnly: boolean;
}

const STATIC = /^(?:import|export)\s+(type\s)?(?:[^;'"]*?\sfrom\s+)?['"]([^'"]+)['"]/gm;
const DYNAMIC = /\bimport\(\s*['"]([^'"]+)['"]/g;

export const importsOf = (text: string): readonly Import[] => [
  ...[...text.matchAll(STATIC)].map(([, type, from = '']) => ({ from, typeOnly: type !== undefined })),
  ...[...text.matchAll(DYNAMIC)].map(([, from = '']) => ({ from, typeOnly: false })),
];

/** The room of a file, given by its path below `src`; `undefined` when the table does not know it. */
export const roomOf = (path: string, table: ImportTable): string | undefined => {
  const name = path.replace(/\.ts$/, '');
  const parts = name.split('/');
  const candidates = parts.map((_, at) => parts.slice(0, parts.length - at).join('/'));
  return candidates.find((candidate) => candidate in table.rooms || table.everything.includes(candidate));
};

/** Every import of a file that the table does not allow, as a sentence. */
export const problemsWithImports = (path: string, text: string, table: ImportTable): readonly string[] => {
  const room = roomOf(path, table);
  if (room === undefined) return [`${path}: its room is not in the import table`];
  return importsOf(text).flatMap((found) => {
    const problem = found.from.startsWith('.')
      ? problemWithRoom(room, found, posix.join(posix.dirname(path), found.from), table)
      : problemWithPackage(room, found.from, table);
    return problem ? [`${path}: ${problem}`] : [];
  });
};

const problemWithRoom = (room: string, found: Import, target: string, table: ImportTable): string | undefined => {
  const other = roomOf(target, table);
  if (other === undefined) return `imports ${target}, whose room is not in the import table`;
  const { uses = [], types = [] } = table.rooms[room] ?? {};
  if (other === room || table.everything.includes(room) || uses.includes(other)) return undefined;
  if (types.includes(other)) {
    return found.typeOnly ? undefined : `imports code of ${other}; ${room} may know its types only`;
  }
  return `imports ${other}, which ${room} may not know`;
};

const problemWithPackage = (room: string, from: string, table: ImportTable): string | undefined => {
  if (from.startsWith('node:')) {
    const builtins = table.rooms[room]?.builtins;
    return builtins && !builtins.includes(from.slice('node:'.length)) ? `imports ${from}` : undefined;
  }
  const name = from
    .split('/')
    .slice(0, from.startsWith('@') ? 2 : 1)
    .join('/');
  return table.packages[name]?.includes(room) ? undefined : `imports the package ${name}`;
};
