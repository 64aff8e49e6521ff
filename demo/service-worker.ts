// Keeps one build of the pages on this device, whole. A later build is kept apart, by a worker of its own that waits
// until no page needs this one.

/** An event of service workers, which the types of pages do not have. */
interface WorkerEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
  request: Request;
  respondWith(answer: Promise<Response>): void;
}

/** The version of this build, and what is kept from the beginning: addresses from here with their digests. */
declare const __BUILD__: { version: string; files: Record<string, string> };
declare const clients: { claim(): Promise<void> };

const { version, files } = __BUILD__;
const root = new URL("./", location.href).href;
const cacheName = `${root} ${version}`; // an origin may have other pages with caches of their own
const fromAnyServer = { ignoreSearch: true, ignoreVary: true };

async function install(): Promise<void> {
  const cache = await caches.open(cacheName);
  // With a digest a file of another build is refused, and so is then the whole: the browser tries again later.
  const requests = Object.entries(files).map(
    ([path, integrity]) => new Request(path, { integrity, cache: "no-cache" }),
  );
  await cache.addAll(requests);
}

async function activate(): Promise<void> {
  const others = (await caches.keys()).filter((other) => other.startsWith(`${root} `) && other !== cacheName);
  await Promise.all(others.map((other) => caches.delete(other)));
  await clients.claim(); // the page of the first visit as well
}

/** As the server has it now, so that a new build is found. What is answered without it is of this build. */
async function page(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch (error) {
    const cache = await caches.open(cacheName);
    const kept = await cache.match(request.url.replace(/index\.html(?=$|[?#])/, ""), fromAnyServer);
    if (kept) return kept;
    throw error;
  }
}

/** Its name has its hash: what is kept is right, whatever the build. What is not, is kept from now on. */
async function asset(request: Request): Promise<Response> {
  const cache = await caches.open(cacheName);
  const kept = await cache.match(request, fromAnyServer);
  if (kept) return kept;
  const response = await fetch(request);
  if (response.ok) await cache.put(request, response.clone()).catch(() => {}); // there may be no room
  return response;
}

const on = (type: string, listener: (event: WorkerEvent) => void) => addEventListener(type, listener as EventListener);

on("install", (event) => event.waitUntil(install()));
on("activate", (event) => event.waitUntil(activate()));
on("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  if (request.mode === "navigate") event.respondWith(page(request));
  else if (request.url.startsWith(`${root}assets/`)) event.respondWith(asset(request));
});
