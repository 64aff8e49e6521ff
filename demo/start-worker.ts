// Starts a page's worker under the page's own policy.

/**
 * A worker of a file has the policy that its server sends with that file, and a server of plain files sends none; a worker
 * of a blob has the policy of the page that made it (HTML, "policy container"; so have all scripts that it imports).
 * @param address of a module, as `?worker&url` imports it.
 * @param name which developer tools show.
 */
export function startWorker(address: string, name = ""): Worker {
  // By import(): Firefox asks the service worker for that, but not for what a worker of a blob imports statically. What is
  // sent before the module listens is sent to it again.
  const script = `const sent = [];
    const hold = (event) => sent.push(event);
    addEventListener("message", hold);
    import(${JSON.stringify(new URL(address, location.href).href)}).then(() => {
      removeEventListener("message", hold);
      for (const event of sent) dispatchEvent(event);
    }, reportError);`;
  const blob = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  return new Worker(blob, { type: "module", name });
}
