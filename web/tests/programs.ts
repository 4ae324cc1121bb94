// The real programs, each in a folder of its own, and what a test asks of them.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

export const SHOAL = resolve(process.env.SHOAL ?? '../build/release/bin/shoal');
export const PASSWORD = 'một mật khẩu dài';
const patience = 60_000;

/** Comes back when the condition holds; it may throw until then. */
export async function until(condition: () => unknown, what: string): Promise<void> {
  const end = Date.now() + patience;
  let last: unknown = '';
  while (Date.now() < end) {
    try {
      if (await condition()) return;
    } catch (error) {
      last = error;
    }
    await new Promise((wake) => setTimeout(wake, 50));
  }
  throw new Error(`not within ${patience} ms: ${what} ${String(last)}`);
}

/** One run of a program; it ends with the test that began it. */
class Program {
  readonly lines: string[] = [];
  private errors = '';
  private ended: Promise<void>;
  private process: ChildProcess;

  constructor(args: string[], env: Record<string, string> = {}) {
    this.process = spawn(SHOAL, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    createInterface({ input: this.process.stdout! }).on('line', (line) => this.lines.push(line));
    this.process.stderr!.on('data', (data) => (this.errors += data));
    this.ended = new Promise((done) => this.process.once('exit', () => done()));
  }

  /** What follows a word at the beginning of a line. */
  async said(word: string): Promise<string> {
    const line = () => this.lines.find((one) => one.startsWith(`${word} `));
    await until(() => {
      if (this.process.exitCode !== null) throw new Error(`it has ended: ${this.errors}`);
      return line();
    }, `the program says '${word}'`);
    return line()!.slice(word.length + 1);
  }

  async end(signal: NodeJS.Signals = 'SIGTERM') {
    if (this.process.exitCode !== null) return;
    this.process.kill(signal);
    await this.ended;
  }
}

/** A folder for a test's files, and all programs that it starts; end() removes both. */
export class Place {
  readonly folder: string;
  private programs: { end(): Promise<void> }[] = [];

  /** In memory, tests that write thousands of records do not measure the disk. */
  constructor(inMemory = false) {
    const where = inMemory && existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
    this.folder = mkdtempSync(join(where, 'shoal-pages-'));
  }

  path(...parts: string[]): string {
    return join(this.folder, ...parts);
  }

  adopt<Kind extends { end(): Promise<void> }>(program: Kind): Kind {
    this.programs.push(program);
    return program;
  }

  async end() {
    await Promise.all(this.programs.map((program) => program.end()));
    rmSync(this.folder, { recursive: true, force: true });
  }

  async tracker(...args: string[]): Promise<Tracker> {
    const tracker = this.adopt(new Tracker(this.path(`tracker-${this.programs.length}`), args));
    await tracker.start();
    return tracker;
  }

  /** A peer; with a tracker as that group's member. */
  async peer(name: string, tracker?: Tracker, ...args: string[]): Promise<Peer> {
    const join = tracker ? ['--join', tracker.joinLink, '--user', name] : [];
    const peer = this.adopt(new Peer(this.path(`peer-${name}`), [...join, ...args]));
    await peer.start();
    return peer;
  }
}

export class Tracker {
  url = '';
  joinLink = '';
  adminLink = '';
  private program: Program | null = null;
  private listen = '127.0.0.1:0';

  constructor(
    readonly data: string,
    private args: string[],
  ) {}

  /** Also again after end(), at the same address. */
  async start() {
    this.program = new Program([
      'tracker',
      '--no-shell',
      '--data',
      this.data,
      '--listen',
      this.listen,
      ...(this.args.includes('--interval') ? [] : ['--interval', '2']),
      ...this.args,
    ]);
    this.url = await this.program.said('ready');
    this.listen = new URL(this.url).host;
    this.joinLink = this.program.lines.find((line) => line.startsWith('join '))?.slice(5) ?? '';
    this.adminLink = this.program.lines.find((line) => line.startsWith('admin '))?.slice(6) ?? '';
  }

  async end(signal?: NodeJS.Signals) {
    await this.program?.end(signal);
  }
}

export class Peer {
  url = '';
  address = '';
  private program: Program | null = null;
  private web = '127.0.0.1:0';
  private listen = '127.0.0.1:0';

  constructor(
    readonly data: string,
    private args: string[],
  ) {}

  /** Also again after end(), at the same addresses. */
  async start() {
    this.program = new Program(
      [
        'peer',
        '--no-shell',
        '--data',
        this.data,
        '--listen',
        this.listen,
        '--web',
        this.web,
        ...this.args,
      ],
      { SHOAL_PASSWORD: PASSWORD },
    );
    this.url = await this.program.said('ready');
    this.web = new URL(this.url).host;
    this.address = await this.program.said('peer');
    this.listen = this.address;
    // Who joined once is a member from then on.
    this.args = this.args.filter((word, i, all) => word !== '--join' && all[i - 1] !== '--join');
    this.args = this.args.filter((word, i, all) => word !== '--user' && all[i - 1] !== '--user');
  }

  async end(signal?: NodeJS.Signals) {
    await this.program?.end(signal);
  }

  /** A subcommand for this peer; what it prints. */
  async command(...args: string[]): Promise<string> {
    return run(...args, '--data', this.data);
  }

  /** A link to the page, good once. */
  async link(): Promise<string> {
    return (await this.command('open', '--no-browser')).trim();
  }

  /** REST as programs speak it. */
  async call(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
    const { token } = JSON.parse(readFileSync(join(this.data, 'api.json'), 'utf8')) as {
      token: string;
    };
    const response = await fetch(this.url + path, {
      method,
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
  }
}

/** A subcommand; what it prints on standard output. */
export async function run(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(SHOAL, args, {
    env: { ...process.env, SHOAL_PASSWORD: PASSWORD },
  });
  return stdout;
}
