// A plain server of static files below a path of a host, as a visitor's browser sees it; it can be taken down.

import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { gzipSync } from "node:zlib";

const below = "/some/where/";
const types: Record<string, string> = {
  ".css": "text/css",
  ".html": "text/html",
  ".js": "text/javascript",
  ".svg": "image/svg+xml",
};

export class StaticServer {
  /** The files that it serves; folders by their index.html. */
  folder: string;
  /** Files that it takes from another folder, by their paths in it. */
  readonly strays = new Map<string, string>();
  /** Whether it breaks every connection off. */
  down = false;
  /** What was asked for, with the bytes of each compressed answer. */
  readonly answers: { path: string; status: number; bytes: number }[] = [];
  readonly #server: Server;

  private constructor(folder: string) {
    this.folder = folder;
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  static async open(folder: string): Promise<StaticServer> {
    const server = new StaticServer(folder);
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    return server;
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${below}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    if (this.down) return void response.destroy();
    const asked = new URL(request.url!, this.address).pathname;
    const path = asked.slice(below.length).replace(/(^|\/)$/, "$1index.html");
    const content = asked.startsWith(below) ? this.#read(path) : undefined;
    const [status, bytes] = content ? [200, gzipSync(content)] : [404, Buffer.alloc(0)];
    this.answers.push({ path: content ? path : asked, status, bytes: bytes.length });
    const headers = { "Content-Type": types[extname(path)] ?? "application/octet-stream", "Content-Encoding": "gzip" };
    response.writeHead(status, content ? headers : {}).end(bytes);
  }

  #read(path: string): Buffer | undefined {
    try {
      return readFileSync(join(this.strays.get(path) ?? this.folder, path));
    } catch {
      return undefined;
    }
  }
}
