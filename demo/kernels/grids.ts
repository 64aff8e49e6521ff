// How much of a device each dispatch of a pass fills, as a table in Markdown.

import { type DeviceName, devices } from "./devices";
import type { Planned } from "./kernels-of";
import { workgroupsOf } from "./planned";

export function gridLines(work: readonly Planned[], device: DeviceName): string[] {
  const { name, multiprocessors } = devices[device];
  const rows = work.map(({ dispatch, label }) => {
    const workgroups = workgroupsOf(dispatch);
    const filled = Math.min(1, workgroups / multiprocessors);
    return `| ${label} | ${workgroups} | ${(100 * filled).toFixed(0)}% |`;
  });
  return [`| ${name}, ${multiprocessors} multiprocessors | workgroups | of them filled |`, "|---|---|---|", ...rows];
}
