// What is dropped onto a page: files, and the files of folders with their paths.

export interface Dropped {
  /** Of the file or folder that was dropped. */
  name: string;
  /** With paths below the folder; "" for a file that was dropped itself. */
  files: { path: string; file: File }[];
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

/** A folder is read in portions until one is empty. */
async function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return all;
    all.push(...some);
  }
}

async function walk(entry: FileSystemEntry, path: string, into: Dropped['files']) {
  if (entry.isFile) {
    into.push({ path, file: await fileOf(entry as FileSystemFileEntry) });
    return;
  }
  for (const child of await entriesOf(entry as FileSystemDirectoryEntry)) {
    await walk(child, path === '' ? child.name : `${path}/${child.name}`, into);
  }
}

/** The files and folders of a drop. To be called while the event is handled. */
export async function droppedOf(transfer: DataTransfer): Promise<Dropped[]> {
  const entries = [...transfer.items]
    .map((item) => item.webkitGetAsEntry())
    .filter((entry) => entry !== null);
  const all: Dropped[] = [];
  for (const entry of entries) {
    const files: Dropped['files'] = [];
    await walk(entry, '', files);
    all.push({ name: entry.name, files });
  }
  return all;
}

/** Files chosen in a dialog, each for itself, or all of one folder. */
export function chosenOf(files: Iterable<File>): Dropped[] {
  const all = new Map<string, Dropped>();
  for (const file of files) {
    const [top, ...rest] = (file.webkitRelativePath || file.name).split('/');
    const name = top!;
    const dropped = all.get(name) ?? { name, files: [] };
    dropped.files.push({ path: rest.join('/'), file });
    all.set(name, dropped);
  }
  return [...all.values()];
}
