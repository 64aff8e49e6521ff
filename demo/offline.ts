// Keeps the built pages on this device, so that they work without a network once loaded.

// The server of `npm start` has files that change, and no such worker.
if (import.meta.env.PROD) {
  // After the page itself, which comes first. This file is built into assets/, the worker beside the home page.
  addEventListener("load", async () => {
    try {
      await caches.keys(); // refused where sites may keep nothing; Firefox would report a registration there as an error
      await navigator.serviceWorker.register(new URL(/* @vite-ignore */ "../service-worker.js", import.meta.url));
    } catch {
      // Some private windows have no service workers; the pages work with a network all the same.
    }
  });
}
