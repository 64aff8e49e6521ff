// Keeps the built pages on this device, so that they work without a network once loaded.

/** From this file's place among the built ones. */
const worker = new URL("../service-worker.js", import.meta.url);

// The server of `npm start` has files that change, and no such worker.
if (import.meta.env.PROD) {
  const scope = new URL("../", import.meta.url).href;
  addEventListener("load", () => void navigator.serviceWorker?.register(worker, { scope }).catch(() => {})); // it works with a network all the same
}
