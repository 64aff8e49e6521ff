// Starts a page's worker under the page's own policy.

/**
 * A worker of a file has the policy that its server sends with that file, and a server of plain files sends none; a worker
 * of a blob has the policy of the page that made it (HTML, "policy container"; so have all scripts that it imports).
 * @param address of a module, as `?worker&url` imports it.
 * @param name which developer tools show.
 */
export function startWorker(address: string, name = ""): Worker {
  const script = `import ${JSON.stringify(new URL(address, location.href).href)};`;
  const blob = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  return new Worker(blob, { type: "module", name });
}
